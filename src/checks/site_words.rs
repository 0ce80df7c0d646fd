//! The sentences on websites, in both languages.

use super::site_seen::{ColumnLook, VisitedDay};
use super::words::Words;
use crate::domain::Lang;
use crate::domain::site::{FooterMark, SiteRule};
use crate::domain::time::LocalTime;
use crate::fetch::{Https, TlsLook};

/// Names listed in one sentence.
const LISTED: usize = 12;

fn join(lang: Lang, names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    let cut = names.len() > LISTED;
    names.truncate(LISTED);
    match lang {
        Lang::Zh => format!("{}{}", names.join("、"), if cut { "等" } else { "" }),
        Lang::En => format!("{}{}", names.join(", "), if cut { " and others" } else { "" }),
    }
}

/// A share in percent with one decimal.
fn percent(part: usize, whole: usize) -> String {
    let tenths = (part * 1000 + whole / 2) / whole.max(1);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

impl Words {
    fn say(self, zh: impl Into<String>, en: impl Into<String>) -> String {
        match self.0 {
            Lang::Zh => zh.into(),
            Lang::En => en.into(),
        }
    }

    pub(in crate::checks) fn visited(self, rule: &SiteRule, sums: VisitedDay) -> String {
        let VisitedDay { failed, not_counted, .. } = sums;
        let (made, unclear) = (sums.made(), self.unclear(sums));
        let (days, slow, share) = (rule.days, rule.slow_seconds, percent(failed, made));
        let beside = |zh: bool| match (not_counted, zh) {
            (0, _) => String::new(),
            (n, true) => format!("；另有{n}次因本系统网络异常等原因不计入"),
            (n, false) => format!("; {n} more are not counted, such as those of our own outages"),
        };
        self.say(
            format!(
                "监测{days}天，计{made}次访问，{failed}次超过{slow}秒或无法打开，占{share}{unclear}{}",
                beside(true)
            ),
            format!(
                "{made} visits in {days} days, {failed} took over {slow} s or failed, {share}{unclear}{}",
                beside(false)
            ),
        )
    }

    /// Visits that cannot be told apart; nothing where there were none.
    fn unclear(self, sums: VisitedDay) -> String {
        match sums.unclear {
            0 => String::new(),
            n => self.say(
                format!("；有{n}次应答残缺，无法判断浏览器能否打开"),
                format!("; {n} of them brought a damaged answer, which a browser may or may not show"),
            ),
        }
    }

    pub(in crate::checks) fn unclear_visits(self, visited: &str) -> String {
        self.say(
            format!("{visited}；结论取决于应答残缺的访问，请人工核实"),
            format!("{visited}; the verdict hangs on the damaged answers, a person has to look"),
        )
    }

    pub(in crate::checks) fn few_visits(self, rule: &SiteRule, sums: VisitedDay) -> String {
        let (counted, wanted) = (sums.made(), rule.visits_a_day * rule.days);
        self.say(
            format!("近{}天计入的访问只有{counted}次，不足{wanted}次", rule.days),
            format!("{counted} visits count in {} days, fewer than {wanted}", rule.days),
        )
    }

    pub(in crate::checks) fn uneven_visits(self, visited: &str) -> String {
        self.say(
            format!("{visited}；其中有的日期访问次数不足，请人工认定"),
            format!("{visited}; on some days the visits were too few, a person has to decide"),
        )
    }

    pub(in crate::checks) fn no_visits(self) -> String {
        self.say("尚未进行访问监测", "the site has not been visited yet")
    }

    pub(in crate::checks) fn visits_since_fix(self, sums: VisitedDay) -> String {
        let (made, failed, unclear) = (sums.made(), sums.failed, self.unclear(sums));
        let share = percent(failed, made);
        self.say(
            format!("整改反馈后计{made}次访问，{failed}次打不开，占{share}{unclear}"),
            format!("{made} visits since rectification, {failed} failed, {share}{unclear}"),
        )
    }

    pub(in crate::checks) fn few_visits_since_fix(self, sums: VisitedDay, wanted: usize) -> String {
        let counted = sums.made();
        self.say(
            format!("整改反馈后计入的访问{counted}次，满{wanted}次后判定"),
            format!("{counted} visits since rectification; {wanted} are needed"),
        )
    }

    pub(in crate::checks) fn home_partly_dated(self, newest: &str) -> String {
        self.say(
            format!("{newest}；首页显示日期的信息较少，或另有未标注日期、由脚本生成的内容，请人工查看是否更新"),
            format!("{newest}; few items of the home page show a date, or others show none or come by script: a person has to look"),
        )
    }

    pub(in crate::checks) fn home_undated(self) -> String {
        self.say(
            "首页信息未显示日期，仅凭网址中的日期不能认定未更新",
            "the home page shows no dates; those in its paths prove no silence",
        )
    }

    pub(in crate::checks) fn second_level(self, sentence: &str) -> String {
        self.say(
            format!("首页为栏目导航，二级页面{sentence}"),
            format!("the home page only leads to columns; of the second-level pages: {sentence}"),
        )
    }

    pub(in crate::checks) fn second_level_unread(self) -> String {
        self.say(
            "首页为栏目导航，二级页面未能全部读取",
            "the home page only leads to columns, and not all second-level pages could be read",
        )
    }

    pub(in crate::checks) fn no_columns(self) -> String {
        self.say(
            "首页未识别到要闻动态、通知公告、政策文件类栏目，请在采集参数 columns 中登记栏目",
            "no columns were found on the home page; list them in the source option `columns`",
        )
    }

    pub(in crate::checks) fn columns_updated(self, read: usize, stale: usize, listed: bool) -> String {
        let from = |zh| match (listed, zh) {
            (true, _) => "",
            (false, true) => "（按首页导航识别）",
            (false, false) => " (found on the home page)",
        };
        if stale == 0 {
            return self.say(
                format!("所查{read}个栏目{}均按时更新", from(true)),
                format!("all {read} columns{} are updated in time", from(false)),
            );
        }
        self.say(
            format!("所查{read}个栏目{}中{stale}个未按时更新，未达到否决数量", from(true)),
            format!("{stale} of {read} columns{} are not updated in time, fewer than the rule's limit", from(false)),
        )
    }

    pub(in crate::checks) fn columns_unread(self, unread: usize, of: usize) -> String {
        self.say(
            format!("{of}个栏目中{unread}个未能读取更新时间"),
            format!("{unread} of {of} columns could not be read"),
        )
    }

    /// Columns with the date of their newest item, by why they count.
    pub(in crate::checks) fn columns_stale(
        self,
        stale: &[(&ColumnLook, Option<LocalTime>)],
        long: &[(&ColumnLook, Option<LocalTime>)],
        blank: &[&ColumnLook],
    ) -> String {
        let name = |(look, newest): &(&ColumnLook, Option<LocalTime>)| match newest {
            Some(at) => self.say(format!("{}（{}）", look.name, at.date()), format!("{} ({})", look.name, at.date())),
            None => look.name.clone(),
        };
        let mut parts = Vec::new();
        if !stale.is_empty() {
            let (count, names) = (stale.len(), join(self.0, stale.iter().map(name)));
            parts.push(self.say(
                format!("{count}个栏目未按时更新：{names}"),
                format!("{count} columns not updated in time: {names}"),
            ));
        }
        if !long.is_empty() {
            let (count, names) = (long.len(), join(self.0, long.iter().map(name)));
            parts.push(self.say(
                format!("{count}个栏目应更新但长期未更新：{names}"),
                format!("{count} columns long not updated: {names}"),
            ));
        }
        if !blank.is_empty() {
            let (count, names) = (blank.len(), join(self.0, blank.iter().map(|look| look.name.clone())));
            parts.push(self.say(format!("{count}个空白栏目：{names}"), format!("{count} blank columns: {names}")));
        }
        parts.join(self.say("；", "; ").as_str())
    }

    pub(in crate::checks) fn please_decide(self, sentence: &str) -> String {
        self.say(
            format!("{sentence}；栏目或日期由程序识别，请人工认定"),
            format!("{sentence}; columns or dates were found by the program, a person has to decide"),
        )
    }

    pub(in crate::checks) fn foot_whole(self, count: usize) -> String {
        self.say(format!("网站底部{count}项标识和信息齐全"), format!("all {count} marks are at the foot of the site"))
    }

    pub(in crate::checks) fn foot_missing(self, missing: &[FooterMark]) -> String {
        let names = join(self.0, missing.iter().map(|mark| mark.name(self.0).to_owned()));
        self.say(format!("网站底部未见：{names}"), format!("missing at the foot of the site: {names}"))
    }

    pub(in crate::checks) fn foot_scripted(self, sentence: &str) -> String {
        self.say(
            format!("{sentence}；页面底部可能有由脚本生成的内容，请人工核实"),
            format!("{sentence}; part of the foot may be drawn by script, a person has to look"),
        )
    }

    pub(in crate::checks) fn no_foot(self) -> String {
        self.say(
            "未能识别网站底部（可能由脚本生成）",
            "the foot of the site could not be recognised; scripts may draw it",
        )
    }

    pub(in crate::checks) fn certificate(self, look: &TlsLook, rule: &SiteRule, days_left: Option<i64>) -> String {
        let end = look.not_after.map(|end| end.format("%Y-%m-%d").to_string()).unwrap_or_default();
        match (look.https, days_left) {
            (Https::NotOffered, _) if rule.https_required => {
                self.say("网站未启用HTTPS", "the site does not offer HTTPS")
            }
            (Https::NotOffered, _) => self.say(
                "网站未启用HTTPS（现行规则不作要求）",
                "the site does not offer HTTPS, which the rules in force do not ask for",
            ),
            (_, Some(left)) if left <= rule.certificate_days => self.say(
                format!("证书有效，将于{end}到期（剩余{left}天），建议及时续期"),
                format!("the certificate is sound and ends on {end}, in {left} days: renew it soon"),
            ),
            _ => self.say(format!("证书有效，有效期至{end}"), format!("the certificate is sound until {end}")),
        }
    }

    pub(in crate::checks) fn https_not_asked_for(self, https: Https) -> String {
        let name = https.name(self.0);
        self.say(format!("{name}（现行规则不作要求）"), format!("{name}, which the rules in force do not ask for"))
    }

    pub(in crate::checks) fn ipv6_unsure(self, said: &str) -> String {
        self.say(
            format!("{said}；本机的域名服务器也未给出对照地址的IPv6记录，可能不提供此类记录，请人工核实"),
            format!("{said}; our name servers gave none of a control address either and may withhold them: a person has to look"),
        )
    }

    pub(in crate::checks) fn bad_certificate(self, look: &TlsLook) -> String {
        let faults = join(self.0, look.faults.iter().map(|fault| fault.name(self.0).to_owned()));
        let end = look.not_after.map(|end| end.format("%Y-%m-%d").to_string()).unwrap_or_default();
        self.say(
            format!("{}：{faults}（有效期至{end}）", look.host),
            format!("{}: {faults} (valid until {end})", look.host),
        )
    }

    pub(in crate::checks) fn beside_https(self, look: &TlsLook) -> String {
        let faults = join(self.0, look.faults.iter().map(|fault| fault.name(self.0).to_owned()));
        self.say(
            format!("登记地址未使用HTTPS；443端口的证书有问题：{faults}（现行规则不作要求）"),
            format!("the registered address is not HTTPS; the certificate at port 443 is at fault: {faults}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_a_tenth() {
        assert_eq!(percent(7, 140), "5.0%");
        assert_eq!(percent(6, 140), "4.3%");
        assert_eq!(percent(0, 0), "0.0%");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(join(Lang::Zh, (1..4).map(|n| n.to_string())), "1、2、3");
        assert!(join(Lang::Zh, (0..20).map(|n| n.to_string())).ends_with("11等"));
    }
}
