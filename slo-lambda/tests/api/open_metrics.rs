//! A strict reader of what we write in OpenMetrics 1.0, by the grammar of its specification; it shares nothing with the
//! writer. Kinds, escapes and numbers that we never write are faults to it.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Labels = BTreeMap<String, String>;

/// A metric family: all that stands between its first line and the next family's.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    unit: Option<String>,
    help: Option<String>,
    /// By their labels; the numbers as they are written.
    pub(crate) samples: BTreeMap<Labels, String>,
}

impl Family {
    /// What its samples are called.
    pub(crate) fn sample_name(&self) -> String {
        if self.kind == "info" { format!("{}_info", self.name) } else { self.name.clone() }
    }
}

/// Reads a whole exposition, or says what is wrong with which line.
pub(crate) fn read(text: &str) -> Result<Vec<Family>, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("the end is missing")?;
    let mut families: Vec<Family> = Vec::new();
    for line in body.split_terminator('\n') {
        read_line(line, &mut families).map_err(|fault| format!("{fault}: {line:?}"))?;
    }
    if !(body.is_empty() || body.ends_with('\n')) {
        return Err("the last line has no end".to_owned());
    }
    let mut names = BTreeSet::new();
    for family in &families {
        for name in BTreeSet::from([family.name.clone(), family.sample_name()]) {
            if !names.insert(name.clone()) {
                return Err(format!("{name} stands for two things, or its lines are apart"));
            }
        }
        if family.kind.is_empty() || family.help.is_none() {
            return Err(format!("{} has no TYPE or no HELP", family.name));
        }
    }
    Ok(families)
}

fn read_line(line: &str, families: &mut Vec<Family>) -> Result<(), String> {
    let Some(descriptor) = line.strip_prefix("# ") else {
        return read_sample(line, families.last_mut().ok_or("a sample of no family")?);
    };
    let (word, rest) = descriptor.split_once(' ').ok_or("no descriptor")?;
    let (name, said) = rest.split_once(' ').ok_or("no name")?;
    is_name(name, ":")?;
    if families.last().is_none_or(|family| family.name != name) {
        families.push(Family { name: name.to_owned(), ..Family::default() });
    }
    let family = families.last_mut().expect("it was made");
    if !family.samples.is_empty() {
        return Err("a descriptor after a sample".to_owned());
    }
    let twice = match word {
        "TYPE" if ["gauge", "stateset", "info"].contains(&said) => {
            !std::mem::replace(&mut family.kind, said.to_owned()).is_empty()
        }
        "UNIT" if name.ends_with(&format!("_{said}")) => family.unit.replace(said.to_owned()).is_some(),
        "HELP" => {
            let quoted = format!("{said}\"");
            let (help, rest) = unescaped(&quoted)?;
            if !rest.is_empty() {
                return Err("a quote in a help".to_owned());
            }
            family.help.replace(help).is_some()
        }
        _ => return Err(format!("{word} cannot say that")),
    };
    if twice { Err(format!("a second {word}")) } else { Ok(()) }
}

fn read_sample(line: &str, family: &mut Family) -> Result<(), String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, mut rest) = line.split_at(end);
    is_name(name, ":")?;
    if name != family.sample_name() {
        return Err(format!("a sample among those of {}", family.name));
    }
    let mut labels = Labels::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, value) = rest.split_once("=\"").ok_or("no label")?;
            is_name(label, "")?;
            let (value, after) = unescaped(value)?;
            if labels.insert(label.to_owned(), value).is_some() {
                return Err(format!("{label} twice"));
            }
            if let Some(after) = after.strip_prefix('}') {
                rest = after;
                break;
            }
            rest = after.strip_prefix(',').ok_or("no comma")?;
        }
    }
    let value = rest.strip_prefix(' ').ok_or("no space before the value")?;
    is_number(value)?;
    let fits = match family.kind.as_str() {
        "gauge" => true,
        "info" => value == "1" && family.unit.is_none(),
        "stateset" => ["0", "1"].contains(&value) && labels.contains_key(&family.name) && family.unit.is_none(),
        _ => return Err("a sample before its TYPE".to_owned()),
    };
    if !fits {
        return Err(format!("no sample of a {}", family.kind));
    }
    match family.samples.insert(labels, value.to_owned()) {
        None => Ok(()),
        Some(_) => Err("the same labels twice".to_owned()),
    }
}

/// A name of letters, digits, `_` and what else may be in it.
fn is_name(name: &str, more: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || more.contains(c);
    let valid = name.chars().all(fits) && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if valid { Ok(()) } else { Err(format!("{name:?} is no name")) }
}

/// The text before the closing quote, and what comes after it.
fn unescaped(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, c @ ('\\' | '"'))) => c,
                other => return Err(format!("{other:?} is escaped")),
            }),
            c => value.push(c),
        }
    }
    Err("an open quote".to_owned())
}

/// A plain decimal: never NaN, an infinity or an exponent.
fn is_number(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let valid = [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if valid { Ok(()) } else { Err(format!("{text:?} is no decimal")) }
}

/// The reader is of no use if it takes everything.
#[test]
fn what_breaks_the_rules_is_refused() {
    const GOOD: &str = "# HELP a_ratio So.\n# TYPE a_ratio gauge\n# UNIT a_ratio ratio\na_ratio{b=\"c\\n\\\\\\\"\"} -0.5\n\
        # TYPE s stateset\n# HELP s So.\ns{s=\"x\"} 1\ns{s=\"y\"} 0\n# TYPE i info\n# HELP i So.\ni_info{a=\"\"} 1\n# EOF\n";
    let families = read(GOOD).expect("it keeps the rules");
    assert_eq!(families.len(), 3);
    assert_eq!(families[0].samples, BTreeMap::from([(Labels::from([("b".into(), "c\n\\\"".into())]), "-0.5".into())]));
    for (from, to) in [
        ("# EOF\n", ""),
        ("# EOF\n", "# EOF"),
        ("# EOF\n", "# EOF\n# EOF\n"),
        ("# EOF\n", "\n# EOF\n"),
        ("# EOF\n", "a_ratio 1\n# EOF\n"),
        ("# EOF\n", "# TYPE a_ratio gauge\n# EOF\n"),
        ("# EOF\n", "# TYPE i_info gauge\n# HELP i_info So.\n# EOF\n"),
        ("# TYPE a_ratio gauge\n", ""),
        ("# HELP a_ratio So.\n", ""),
        ("# HELP a_ratio So.", "# HELP a_ratio \"So\"."),
        ("# UNIT a_ratio ratio", "# UNIT a_ratio seconds"),
        ("gauge", "summary"),
        ("\na_ratio{", "\na_rati{"),
        ("a_ratio{b=\"", "a_ratio{b="),
        ("{b=\"", "{1=\""),
        ("{b=\"", "{b=\"\",b=\""),
        ("\\n", "\\t"),
        ("\\\"\"}", "\\\"}"),
        ("\"} -0.5", "\"}  -0.5"),
        ("-0.5", "NaN"),
        ("-0.5", "-5e-1"),
        ("-0.5", ".5"),
        ("-0.5", "-0.5 1700000000"),
        ("s{s=\"y\"}", "s{s=\"x\"}"),
        ("s{s=\"y\"} 0", "s{s=\"y\"} 2"),
        ("s{s=\"y\"} 0", "s{t=\"y\"} 0"),
        ("i_info{a=\"\"} 1", "i{a=\"\"} 1"),
        ("i_info{a=\"\"} 1", "i_info{a=\"\"} 0"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let broken = GOOD.replacen(from, to, 1);
        assert!(read(&broken).is_err(), "{broken}");
    }
}
