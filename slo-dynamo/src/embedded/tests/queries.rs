use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use super::*;

/// Items `H#0`… of one partition, each with `bytes` of payload.
async fn filled(items: usize, bytes: usize) -> Result<Client, Box<dyn Error>> {
    let client = fresh().await?;
    for i in 0..items {
        client
            .put_item()
            .table_name(COUNTS)
            .set_item(Some(key("I#a#b", &format!("H#{i}"))))
            .item("payload", b(&vec![0; bytes]))
            .send()
            .await?;
    }
    Ok(client)
}

fn hours(client: &Client) -> QueryFluentBuilder {
    client
        .query()
        .table_name(COUNTS)
        .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
        .expression_attribute_values(":pk", s("I#a#b"))
        .expression_attribute_values(":from", s("H#0"))
        .expression_attribute_values(":to", s("H#9"))
}

/// The sizes of all pages, following the cursor by hand.
async fn pages(query: impl Fn() -> QueryFluentBuilder) -> Result<Vec<usize>, Box<dyn Error>> {
    let (mut sizes, mut cursor) = (vec![], None);
    loop {
        let page = query().set_exclusive_start_key(cursor).send().await?;
        sizes.push(page.items().len());
        cursor = page.last_evaluated_key;
        if cursor.is_none() {
            return Ok(sizes);
        }
    }
}

#[tokio::test]
async fn a_limit_makes_pages() -> Checked {
    let client = filled(5, 10).await?;
    assert_eq!(pages(|| hours(&client).limit(2)).await?, [2, 2, 1]);
    // A full last page still has a cursor, as on AWS.
    assert_eq!(pages(|| hours(&client).limit(5)).await?, [5, 0]);
    Ok(())
}

#[tokio::test]
async fn a_megabyte_makes_pages() -> Checked {
    let client = filled(7, 300 * 1024).await?;
    let sizes = pages(|| hours(&client).limit(100)).await?;
    assert_eq!(sizes.iter().sum::<usize>(), 7);
    assert!(sizes.iter().all(|size| *size < 5), "a page of more than 1 MB: {sizes:?}");
    Ok(())
}

#[tokio::test]
async fn an_index_holds_the_items_that_have_its_key() -> Checked {
    let client = fresh().await?;
    let put = |pk| {
        let put = client.put_item().table_name("slo");
        put.set_item(Some(key(pk, "CURRENT")))
    };
    put("S#1").item("owner_key", s("O#team")).send().await?;
    put("S#2").send().await?;
    put("S#3").item("owner_key", s("O#team")).send().await?;

    let owned = client
        .query()
        .table_name("slo")
        .index_name("by-owner")
        .key_condition_expression("owner_key = :o")
        .expression_attribute_values(":o", s("O#team"))
        .limit(50)
        .send()
        .await?;
    let found: Vec<_> = owned.items().iter().filter_map(|i| i.get("pk")).collect();
    assert_eq!(found, [&s("S#1"), &s("S#3")]);
    Ok(())
}
