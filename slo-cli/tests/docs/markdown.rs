//! The blocks of code of a Markdown file, with what is said before them.

use std::path::Path;

/// A file.
pub(crate) struct Document {
    /// From the root of the project.
    pub(crate) path: String,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Default)]
pub(crate) struct Block {
    /// The line of its first fence, from 1.
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
    /// Why it is not run, from the comment directly before it.
    pub(crate) apart: Option<String>,
    /// Whether it comes directly after the block before.
    follows: bool,
}

const APART: &str = "<!-- not run by tests/docs: ";

impl Document {
    pub(crate) fn read(root: &Path, path: &str) -> Self {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), blocks: blocks(&text, path) }
    }

    /// What is run, each with the output that is promised.
    pub(crate) fn runnable(&self) -> impl Iterator<Item = (&Block, Option<&Block>)> {
        let runs = |block: &Block| block.language == "sh" && block.apart.is_none();
        self.blocks.iter().enumerate().filter(move |(_, block)| runs(block)).map(|(at, block)| {
            let promised = self.blocks.get(at + 1).filter(|next| next.language == "text" && next.follows);
            (block, promised)
        })
    }
}

fn blocks(text: &str, path: &str) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    let (mut before, mut follows) = ("", false);
    for (number, line) in (1..).zip(text.lines()) {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let apart = before.strip_prefix(APART).and_then(|rest| rest.strip_suffix(" -->")).map(str::to_owned);
                let language = language.to_owned();
                open = Some(Block { line: number, language, apart, follows, ..Block::default() });
            }
            (Some(_), Some("")) => {
                blocks.extend(open.take());
                (before, follows) = ("", true);
            }
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if !line.trim().is_empty() => (before, follows) = (line, false),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{path}: a block does not end");
    blocks
}
