//! Definitions that both servers change.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::tables::Tables;
use super::{define, objective, two};

const SHOP: &str = "objectives/shop";

/// Asks both servers at the same moment.
fn at_once(clients: &[Client; 2], ask: impl Fn(usize, &Client) -> Answer + Sync) -> [Answer; 2] {
    let both = Barrier::new(2);
    thread::scope(|scope| {
        let asked = [0, 1].map(|server| {
            let (ask, both) = (&ask, &both);
            scope.spawn(move || {
                both.wait();
                ask(server, &clients[server])
            })
        });
        asked.map(|answer| answer.join().expect("answered"))
    })
}

/// Which of the two was answered `won`; the other one must have lost.
#[track_caller]
fn winner(answers: &[Answer; 2], won: u16, lost: u16) -> usize {
    match answers.each_ref().map(|answer| answer.status) {
        [first, second] if (first, second) == (won, lost) => 0,
        [first, second] if (first, second) == (lost, won) => 1,
        _ => panic!("not one {won} and one {lost}: {answers:?}"),
    }
}

/// The ETag that both servers show, and the description.
#[track_caller]
fn agreed(clients: &[Client; 2]) -> (String, Value) {
    let [one, other] = clients.each_ref().map(|client| client.get(SHOP));
    assert_eq!((one.status, other.status), (200, 200));
    assert_eq!((&one.etag, &one.body), (&other.etag, &other.body));
    (one.etag.expect("an ETag"), one.body["description"].clone())
}

/// Revision and description of each version, the newest first; a deletion has none.
fn history(client: &Client) -> Vec<(Value, Value)> {
    let answer = client.get(&format!("{SHOP}/revisions?limit=200"));
    let items = answer.body["items"].as_array().expect("items").iter();
    items.map(|item| (item["revision"].clone(), item["objective"]["description"].clone())).collect()
}

#[test]
fn of_two_that_change_the_same_version_one_wins() {
    let tables = Tables::start();
    let servers = two(&tables);
    let clients = servers.each_ref().map(|server| Client::new(&server.url));
    define(&clients);
    let (mut etag, first) = agreed(&clients);
    let mut etags = vec![etag.clone()];
    let mut said = vec![first];
    for round in 0..4 {
        for change in 0..3 {
            let texts = ["one", "other"].map(|server| format!("{server} in {round}.{change}"));
            let put = |server: usize, client: &Client| client.put(SHOP, Some(&etag), &objective(&texts[server]));
            let answers = at_once(&clients, put);
            let won = winner(&answers, 200, 412);
            let (now, text) = agreed(&clients);
            assert_eq!((Some(&now), &text), (answers[won].etag.as_ref(), &texts[won].as_str().into()));
            etag = now;
            etags.push(etag.clone());
            said.push(text);
        }
        winner(&at_once(&clients, |_, client| client.delete(SHOP, &etag)), 204, 412);
        said.push(Value::Null);
        assert_eq!(clients.each_ref().map(|client| client.get(SHOP).status), [404, 404]);
        let text = format!("life {round}");
        let created = at_once(&clients, |_, client| client.put(SHOP, None, &objective(&text)));
        let won = winner(&created, 201, 428);
        etag = agreed(&clients).0;
        assert_eq!(Some(&etag), created[won].etag.as_ref());
        etags.push(etag.clone());
        said.push(text.into());
    }

    let [one, other] = clients.each_ref().map(history);
    assert_eq!(one, other);
    let mut versions: Vec<_> = (1..).map(Value::from).zip(said).collect();
    versions.reverse();
    assert_eq!(one, versions);
    etags.pop();
    for (number, old) in etags.iter().enumerate() {
        assert_eq!(clients[number % 2].put(SHOP, Some(old), &objective("old")).status, 412, "{old} of {etags:?}");
    }
    let refused = clients[0].delete("indicators/site", "*");
    assert_eq!(refused.status, 409, "the other server has an objective that uses it: {}", refused.body);
}

/// The names of a page, and its `next`.
fn page(answer: &Answer) -> (Vec<&str>, Option<&str>) {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("a list: {answer:?}"));
    (items.iter().map(|item| item["name"].as_str().expect("a name")).collect(), answer.body["next"].as_str())
}

#[test]
fn lists_are_the_same_and_go_on_at_either_server() {
    let tables = Tables::start();
    let servers = two(&tables);
    let clients = servers.each_ref().map(|server| Client::new(&server.url));
    let indicator = json!({"service": "web", "kind": "ratio"});
    let mut names: Vec<_> = (0..9).map(|number| format!("site-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let created = clients[number % 2].put(&format!("indicators/{name}"), None, &indicator);
        assert_eq!(created.status, 201, "{}", created.body);
    }
    let first = clients.each_ref().map(|client| client.get("indicators?limit=3"));
    let nexts = first.each_ref().map(|answer| page(answer).1.expect("there is more"));
    // Deleted at one, gone at the other, also from a list that has begun.
    let etag = clients[0].get("indicators/site-4").etag.expect("an ETag");
    assert_eq!(clients[1].delete("indicators/site-4", &etag).status, 204);
    names.remove(4);
    for server in [0, 1] {
        let (mut found, mut next) = (page(&first[server]).0, Some(nexts[server].to_owned()));
        let mut pages = Vec::new();
        while let Some(cursor) = next.take() {
            // Begun at one, continued at the other: they have agreed on the key of the cursors.
            let other = &clients[(server + 1 + pages.len()) % 2];
            pages.push(other.get(&format!("indicators?limit=3&cursor={cursor}")));
            next = page(&pages[pages.len() - 1]).1.map(str::to_owned);
        }
        found.extend(pages.iter().flat_map(|answer| page(answer).0));
        assert_eq!(found, names, "at {server}");
    }
}
