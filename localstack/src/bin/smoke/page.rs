//! Lists page by page.

use serde_json::Value;

use crate::answer::Checked;
use crate::walk::Walk;

/// A list with one item a page: all of it, from the first page to the last.
pub(crate) fn all(walk: &Walk, list: &str) -> Checked<Vec<Value>> {
    let list = format!("{list}{}limit=1", if list.contains('?') { '&' } else { '?' });
    let mut items = Vec::new();
    let mut page = walk.get(&list)?.status(200)?;
    loop {
        page.demand(page.items()?.len() <= 1, || "one item at the most".to_owned())?;
        items.extend_from_slice(page.items()?);
        if page.json.get("next").is_none() {
            page.demand(page.link("next").is_err(), || "no link to a next page without a cursor".to_owned())?;
            return Ok(items);
        }
        page.demand(items.len() < 20, || "an end of the list: it has a few items of ours".to_owned())?;
        page = walk.follow(&page, "next")?;
    }
}

/// The first two pages of a list with at least two items, in order; a cursor is good for its own list only, as it is.
pub(crate) fn two(walk: &Walk, list: &str) -> Checked {
    let first = walk.get(format!("{list}?limit=1"))?.status(200)?;
    let cursor = first.text_at("/next")?;
    let second = walk.follow(&first, "next")?;
    let (one, other) = (first.text_at("/items/0/name")?, second.text_at("/items/0/name")?);
    second.demand(one < other, || format!("what comes after {one}"))?;
    let (head, rest) = cursor.split_at_checked(1).ok_or_else(|| first.failure("a cursor in ASCII"))?;
    let tampered = format!("{}{rest}", if head == "A" { 'B' } else { 'A' });
    walk.get(format!("{list}?cursor={tampered}"))?.problem(400, "invalid-cursor")?;
    let foreign = walk.root()?.link("errorBudgets")?;
    walk.get(format!("{foreign}?cursor={cursor}"))?.problem(400, "invalid-cursor")?;
    Ok(())
}
