//! Files handed in: each content once, under its hash; which issue it belongs to, under which name.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::engine::sql;
use super::{StoreError, Tx, instant, millis, word};
use crate::domain::material::{KeptMaterial, Material, MaterialKind};
use crate::domain::time::LocalTime;

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    kind: String,
    size: i64,
    sha256: String,
    added_by: String,
    added_at: i64,
}

impl Tx {
    /// Keeps a content; one that is there already stays as it is.
    pub async fn put_file(&mut self, file: &Material) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO evidence_file (sha256, kind, size, content) VALUES ($1, $2, $3, $4)
             ON CONFLICT (sha256) DO NOTHING",
            &file.sha256,
            file.kind.key(),
            i64::try_from(file.content.len()).unwrap_or(i64::MAX),
            file.content.as_ref()
        )?;
        Ok(())
    }

    /// Lets go of a content that nothing refers to any more.
    pub async fn drop_unused_file(&mut self, sha256: &str) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "DELETE FROM evidence_file WHERE sha256 = $1
                 AND NOT EXISTS (SELECT 1 FROM issue_evidence i WHERE i.sha256 = $1)
                 AND NOT EXISTS (SELECT 1 FROM self_report s WHERE s.sha256 = $1)",
            sha256
        )?;
        Ok(())
    }

    /// Keeps a file with an issue; `false` when the issue has it already.
    pub async fn put_evidence(
        &mut self,
        issue: i64,
        file: &Material,
        by: &str,
        album: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.put_file(file).await?;
        let added = sql!(
            self,
            execute,
            "INSERT INTO issue_evidence (issue_id, sha256, name, added_by, added_at, album)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issue_id, sha256) DO NOTHING",
            issue,
            &file.sha256,
            &file.name,
            by,
            millis(now),
            album
        )?;
        Ok(added == 1)
    }

    /// What is kept with an issue, in the order it came.
    pub async fn evidence_of(&mut self, issue: i64, zone: Tz) -> Result<Vec<KeptMaterial>, StoreError> {
        sql!(
            self,
            all Row,
            "SELECT e.name, f.kind, f.size, e.sha256, e.added_by, e.added_at
             FROM issue_evidence e JOIN evidence_file f ON f.sha256 = e.sha256
             WHERE e.issue_id = $1 ORDER BY e.added_at, e.name, e.sha256",
            issue
        )?
        .into_iter()
        .map(|row| {
            Ok(KeptMaterial {
                kind: word::<MaterialKind>(&row.kind)?,
                name: row.name,
                size: row.size,
                sha256: row.sha256,
                by: row.added_by,
                at: LocalTime::new(instant(row.added_at), zone),
            })
        })
        .collect()
    }

    /// How many files are kept with an issue.
    pub async fn evidence_count(&mut self, issue: i64) -> Result<i64, StoreError> {
        Ok(sql!(self, scalar i64, "SELECT COUNT(*) FROM issue_evidence WHERE issue_id = $1", issue)?)
    }

    /// The bytes of a kept file.
    pub async fn file_content(&mut self, sha256: &str) -> Result<Vec<u8>, StoreError> {
        sql!(self, scalar_opt Vec<u8>, "SELECT content FROM evidence_file WHERE sha256 = $1", sha256)?
            .ok_or_else(|| StoreError::Missing { kind: "file", id: sha256.to_owned() })
    }

    /// What a kept file is.
    pub async fn file_kind(&mut self, sha256: &str) -> Result<MaterialKind, StoreError> {
        let kind = sql!(self, scalar_opt String, "SELECT kind FROM evidence_file WHERE sha256 = $1", sha256)?;
        word(&kind.ok_or_else(|| StoreError::Missing { kind: "file", id: sha256.to_owned() })?)
    }

    /// The issue with which an album's first files were kept.
    pub async fn issue_of_album(&mut self, album: &str) -> Result<Option<i64>, StoreError> {
        Ok(sql!(
            self,
            scalar_opt i64,
            "SELECT issue_id FROM issue_evidence WHERE album = $1 ORDER BY issue_id LIMIT 1",
            album
        )?)
    }
}
