//! The blocks that are not run here: why, and what else runs them.

use std::collections::BTreeMap;

use crate::markdown::Document;
use crate::root;

/// File, reason, how many blocks, and the file that runs the same or holds it together, if there is one.
const APART: &[(&str, &str, usize, Option<&str>)] = &[
    ("README.md", "needs AWS", 1, Some("terraform/tests")),
    ("README.md", "runs this test", 1, Some(".ci/run")),
    ("README.md", "takes minutes", 1, Some("slo-cli/tests/soak")),
    ("docs/operating.md", "needs AWS", 4, None),
    ("examples/guessing-game/README.md", "builds the packages", 1, Some(".ci/run")),
    ("examples/guessing-game/README.md", "needs AWS", 2, None),
    ("examples/guessing-game/README.md", "needs the game", 3, Some("examples/guessing-game/tests/game")),
    ("localstack/README.md", "needs Docker", 3, Some(".ci/run")),
    ("slo-lambda/README.md", "builds the packages", 2, Some(".ci/run")),
    ("slo-lambda/README.md", "needs AWS", 1, None),
    ("slo-lambda/README.md", "needs cargo lambda", 2, Some("slo-lambda/tests/runtime")),
    ("terraform/README.md", "needs AWS", 4, Some("terraform/tests")),
];

/// Whoever sets a block apart says so here too.
pub(crate) fn compare(documents: &[Document]) {
    let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for document in documents {
        for block in &document.blocks {
            if let Some(reason) = &block.apart {
                *found.entry((document.path.as_str(), reason.as_str())).or_default() += 1;
            }
        }
    }
    let known = APART.iter().map(|(file, reason, count, _)| ((*file, *reason), *count));
    assert_eq!(found, known.collect(), "say here which blocks are not run, why, and what runs them instead");
    for (file, reason, _, instead) in APART {
        let there = instead.is_none_or(|path| root().join(path).exists());
        assert!(there, "{file}: {reason}: there is no {}", instead.unwrap_or_default());
    }
}
