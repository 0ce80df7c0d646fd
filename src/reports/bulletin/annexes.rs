//! The annexes: tables, failing accounts, issues, what could not be judged, units without problems.

use super::Draft;
use crate::domain::account::{AccountId, Personal};
use crate::domain::bulletin::{AccountResult, AccountRow, Contact, Form};
use crate::domain::time::LocalTime;
use crate::reports::docx::{Paper, Share};
use crate::reports::prose::prose;
use crate::reports::subject::Subject;
use crate::reports::tongue::{Tongue, capital};
use crate::reports::wording::{problems_in, standing, unjudged_in, unseen_in};

/// Lines of an annex before it refers to the spreadsheet.
const LISTED: usize = 2000;

/// What an annex holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Annex {
    Tables,
    Failed,
    Issues,
    Unjudged,
    Clean,
}

impl Annex {
    fn title(self, t: Tongue, subject: Subject) -> String {
        let noun = subject.noun(t.0);
        match self {
            Self::Tables => t.say("检查情况统计表", "The inspection in tables"),
            Self::Failed => t.say(format!("不合格{noun}名单"), capital(&format!("{noun} that failed"))),
            Self::Issues => t.say("问题清单", "List of problems"),
            Self::Unjudged => {
                t.say(format!("无法判定{noun}名单"), capital(&format!("{noun} that could not be judged")))
            }
            Self::Clean => t.say("未发现问题的单位名单", "Units without problems"),
        }
    }
}

impl Draft<'_> {
    /// The annexes of the form: what stands in the body is not annexed again.
    const fn annexes_of(&self) -> &'static [Annex] {
        match self.form {
            Form::Statistics => &[Annex::Failed, Annex::Issues, Annex::Unjudged, Annex::Clean],
            Form::Brief | Form::List => &[Annex::Tables, Annex::Failed, Annex::Issues, Annex::Unjudged, Annex::Clean],
        }
    }

    pub(super) fn annex_titles(&self) -> Vec<String> {
        self.annexes_of().iter().map(|annex| self.title(*annex)).collect()
    }

    fn title(&self, annex: Annex) -> String {
        annex.title(self.tongue, self.subject)
    }

    pub(super) fn annexes(&self, paper: &mut Paper) {
        for (place, annex) in self.annexes_of().iter().enumerate() {
            paper.annex(place + 1, &self.title(*annex));
            match annex {
                Annex::Tables => self.tables(paper),
                Annex::Failed => self.failed(paper),
                Annex::Issues => self.issues(paper),
                Annex::Unjudged => self.unjudged(paper),
                Annex::Clean => self.clean(paper),
            }
        }
    }

    /// The columns of people, empty outside the internal version.
    fn people(&self, columns: &mut Vec<Share<'static>>, rows: &mut [(String, Vec<String>)]) -> usize {
        let bare = columns.len();
        let Some(contacts) = self.contacts else { return usize::MAX };
        for (_, share) in columns.iter_mut() {
            *share = *share * 74 / 100;
        }
        columns.push((self.tongue.pick("管理员", "Administrator"), 100));
        columns.push((self.tongue.pick("联系方式", "Contact"), 160));
        for (account, row) in rows {
            let contact = contacts.get(&AccountId::new(account.as_str()));
            let show = |of: fn(&Contact) -> Option<&Personal>| {
                contact.and_then(of).map(|personal| personal.reveal().to_owned()).unwrap_or_default()
            };
            row.push(show(|c| c.admin.as_ref()));
            row.push(show(|c| c.contact.as_ref()));
        }
        bare
    }

    fn list(
        &self,
        paper: &mut Paper,
        mut columns: Vec<Share<'static>>,
        mut rows: Vec<(String, Vec<String>)>,
        elsewhere: &str,
    ) {
        let t = self.tongue;
        if rows.is_empty() {
            paper.body(t.pick("无。", "None."));
            return;
        }
        let all = rows.len();
        rows.truncate(LISTED);
        let bare = self.people(&mut columns, &mut rows);
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        paper.table_with(&columns, &rows, bare);
        if all > LISTED {
            paper.body(&t.say(
                format!("以上列出{LISTED}项，共{all}项，其余见{elsewhere}。"),
                format!("{LISTED} of {all} are listed; the others stand in {elsewhere}."),
            ));
        }
    }

    fn failed(&self, paper: &mut Paper) {
        let (d, t) = (self.d, self.tongue);
        let newest = |row: &AccountRow| {
            row.facts.member.as_ref().and_then(|m| m.newest_at).map_or("—".to_owned(), LocalTime::minute)
        };
        let rows = d.accounts.iter().filter(|row| row.result == Some(AccountResult::Failed)).enumerate();
        let rows: Vec<_> = rows
            .map(|(n, row)| {
                let cells = vec![
                    (n + 1).to_string(),
                    t.label(row),
                    row.facts.unit.clone(),
                    prose(&problems_in(row, t.0), t.0),
                    newest(row),
                ];
                (row.facts.account_id.to_string(), cells)
            })
            .collect();
        if !rows.is_empty() {
            let as_of = t.minute(d.round.as_of);
            paper.small(&t.say(format!("监测时间点：{as_of}"), format!("Monitoring time: {as_of}")));
        }
        let columns = vec![
            (t.pick("序号", "No."), 65),
            (self.subject.heading(t.0), 215),
            (t.pick("主办单位", "Unit"), 185),
            (t.pick("存在问题", "Problems"), 405),
            (t.pick("最后更新时间", "Newest post"), 130),
        ];
        self.list(paper, columns, rows, "ledger.xlsx");
    }

    fn issues(&self, paper: &mut Paper) {
        let t = self.tongue;
        let rows: Vec<_> = standing(self.d)
            .map(|issue| {
                let cells = vec![
                    issue.id.to_string(),
                    t.issue_label(issue),
                    issue.unit.clone(),
                    issue.indicator.name(t.0).to_owned(),
                    issue.class.name(t.0).to_owned(),
                    t.due(issue.due_at, issue.due_provisional),
                    issue.status.name(t.0).to_owned(),
                ];
                (issue.account_id.to_string(), cells)
            })
            .collect();
        let columns = vec![
            (t.pick("编号", "No."), 65),
            (self.subject.heading(t.0), 225),
            (t.pick("主办单位", "Unit"), 170),
            (t.pick("问题类别", "Problem"), 160),
            (t.pick("性质", "Class"), 120),
            (t.pick("整改时限", "Due"), 140),
            (t.pick("整改状态", "Status"), 120),
        ];
        self.list(paper, columns, rows, "issues.xlsx");
    }

    fn unjudged(&self, paper: &mut Paper) {
        let t = self.tongue;
        let doubtful = unjudged_in(self.d, t.0);
        let rows: Vec<_> = doubtful
            .unverified
            .iter()
            .enumerate()
            .map(|(n, row)| {
                let cells = vec![(n + 1).to_string(), t.label(row), row.facts.unit.clone(), unseen_in(row, t.0)];
                (row.facts.account_id.to_string(), cells)
            })
            .collect();
        let columns = vec![
            (t.pick("序号", "No."), 65),
            (self.subject.heading(t.0), 255),
            (t.pick("主办单位", "Unit"), 210),
            (t.pick("未能检查的事项及原因", "Not looked at, and why"), 470),
        ];
        self.list(paper, columns, rows, "ledger.xlsx");
        let n = doubtful.undecided;
        if n > 0 {
            paper.body(&t.say(
                format!("另有{n}个{}待人工核实，核实前不作认定，不在本表列出。", self.subject.noun(t.0)),
                format!("{n} more wait for a person and are not listed here."),
            ));
        }
    }

    fn clean(&self, paper: &mut Paper) {
        let (d, t) = (self.d, self.tongue);
        let all = d.units();
        let clean: Vec<_> = all.iter().filter(|unit| unit.is_clean()).collect();
        let (count, drawn) = (clean.len(), all.iter().filter(|unit| unit.drawn > 0).count());
        if self.is_sample() || drawn > 0 {
            paper.body(&t.say(
                format!("本期检查涉及单位{drawn}个，其中受检{}全部合格且无问题的{count}个。", self.subject.noun(t.0)),
                format!("Of {drawn} units that were looked at, {count} qualified throughout and without a problem."),
            ));
        }
        if clean.is_empty() {
            return;
        }
        let rows: Vec<_> = clean
            .iter()
            .enumerate()
            .map(|(n, unit)| {
                let tier = unit.tier.map_or(t.pick("未登记", "Not registered"), |tier| tier.name(t.0));
                let cells = vec![(n + 1).to_string(), unit.unit.clone(), tier.to_owned(), unit.drawn.to_string()];
                (String::new(), cells)
            })
            .collect();
        let columns = vec![
            (t.pick("序号", "No."), 100),
            (t.pick("主办单位", "Unit"), 500),
            (t.pick("单位层级", "Tier"), 200),
            (t.pick("受检数", "Seen"), 200),
        ];
        let plain = Draft { d, form: self.form, tongue: t, subject: self.subject, contacts: None };
        plain.list(paper, columns, rows, "ledger.xlsx");
    }
}
