use super::*;

#[tokio::test]
async fn a_sweep_deletes_what_expired_before_now_and_nothing_else() -> Checked {
    let engine = Engine::memory()?;
    let client = engine.client();
    create_tables(&client, &TableNames::default()).await?;
    // More than a page of the sweep, and the edge itself.
    for ttl in 900..=1_100 {
        put(&client, COUNTS, &format!("H#{ttl}"), Some(n(ttl))).await?;
    }
    put(&client, COUNTS, "none", None).await?;
    put(&client, COUNTS, "text", Some(s("1"))).await?;
    // No TTL is set on this table.
    put(&client, "slo", "CURRENT", Some(n(1))).await?;

    assert_eq!(engine.sweep_expired(1_000).await?, 100);
    assert_eq!(engine.sweep_expired(1_000).await?, 0);
    let left = client.scan().table_name(COUNTS).send().await?;
    assert_eq!(left.count(), 101 + 2);
    assert_eq!(client.scan().table_name("slo").send().await?.count(), 1);
    Ok(())
}

async fn put(client: &Client, table: &str, sk: &str, ttl: Option<AttributeValue>) -> Checked {
    let mut item = key("I#a#b", sk);
    item.extend(ttl.map(|ttl| ("ttl".into(), ttl)));
    let put = client.put_item().table_name(table).set_item(Some(item));
    put.send().await?;
    Ok(())
}
