//! The lexicon: the built-in rows and the office's own file.

use std::path::Path;
use std::sync::Arc;

use super::table::{self, FileError};
use crate::domain::lexicon::{Lexicon, Row};

/// The built-in lexicon, with the rows of `file` (CSV or XLSX: kind, find, right, context, note) on top of it.
pub fn read_lexicon(file: Option<&Path>) -> Result<Arc<Lexicon>, FileError> {
    let Some(path) = file else { return Ok(Lexicon::built_in()) };
    let mut rows = Vec::new();
    table::read_rows(path, |row| rows.push(Row { line: row.line, cells: row.cells }))?;
    Lexicon::with_rows(&rows).map(Arc::new).map_err(|problems| FileError::lexicon(path, problems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lang;

    #[test]
    fn an_office_s_file_adds_to_the_built_in_rows_and_says_what_is_wrong_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("词库.csv");
        std::fs::write(&path, "类别,写法,规范写法,语境,依据\n错词,云溪曲,云溪区,,地名\n停用,没有的词,,,\n").unwrap();
        let said = read_lexicon(Some(&path)).unwrap_err().text(Lang::Zh);
        assert!(said.contains("词库.csv") && said.contains("第 3 行“写法”：“没有的词”"), "{said}");
        std::fs::write(&path, "类别,写法,规范写法\n错词,云溪曲,云溪区\n停用,部置,\n").unwrap();
        let lexicon = read_lexicon(Some(&path)).unwrap();
        assert_eq!(lexicon.find("云溪曲部置")[0].right, "云溪区");
        assert_eq!(lexicon.find("云溪曲部置").len(), 1);
        assert_eq!(read_lexicon(None).unwrap(), Lexicon::built_in());
    }
}
