//! Posts against review records: stages, order, one person, titles.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::checks::judge::testing::{account, at, bench, post, rules, seen};
use crate::domain::account::{AccountId, Personal};
use crate::domain::review::ReviewStage;

/// Names and times of three stages; an empty one is missing.
fn record(title: &str, url: Option<&str>, stages: [(&str, &str); 3]) -> ReviewRecord {
    let [first, second, last] = stages.map(|(name, time)| ReviewStage {
        reviewer: (!name.is_empty()).then(|| Personal::new(name)),
        at: (!time.is_empty()).then(|| at(time)),
    });
    ReviewRecord {
        account_id: AccountId::new("A1"),
        post_url: url.map(str::to_owned),
        title: (!title.is_empty()).then(|| title.to_owned()),
        first,
        second,
        last,
    }
}

fn proper(title: &str, last: &str) -> ReviewRecord {
    let at = at(last);
    let stage = |name: &str| ReviewStage { reviewer: Some(Personal::new(name)), at: Some(at) };
    let (first, second, last) = (stage("甲一"), stage("乙二"), stage("丙三"));
    ReviewRecord { first, second, last, ..record(title, None, [("", ""); 3]) }
}

fn proper_stages(time: &str) -> [(&str, &str); 3] {
    ["甲一", "乙二", "丙三"].map(|name| (name, time))
}

fn faults(posts: &[PostSeen], records: &[ReviewRecord]) -> Vec<(String, ReviewFault)> {
    let rules = rules();
    let posts: Vec<&PostSeen> = posts.iter().collect();
    let compared = review_faults(&bench(&rules), &account(), &posts, records);
    compared.faults.into_iter().map(|(post, fault)| (post.title.clone(), fault)).collect()
}

#[test]
fn posts_beyond_the_limit_are_said() {
    let rules = rules();
    let bench = bench(&rules);
    let reviews = Reviews { records: vec![proper("通知", "2026-11-20 08:00")], unit_takes_part: true };
    let posts = vec![post("通知", at("2026-11-20 09:00"))];
    let left_out = crate::checks::seen::LeftOut { posts: 7, links: 0 };
    let found = review(&bench, &account(), &Observed { posts, left_out, ..seen() }, &reviews).unwrap();
    assert!(found.outcome == Outcome::Pass && found.summary.ends_with("较早的7篇超出单个账号的查看上限，未核对"));
}

#[test]
fn each_fault_of_a_record_is_called_by_its_name() {
    use ReviewFault::{Disordered, Incomplete, Late, SamePerson};
    // Published on the 20th at 10:00:30.
    for (stages, expected) in [
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], None),
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 08:00"), ("丙", "2026-11-20 08:00")], None),
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 09:00"), ("丙", "2026-11-20 10:00")], None),
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 09:00"), ("丙", "2026-11-20 10:01")], Some(Late)),
        ([("甲", "2026-11-20 08:31"), ("乙", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], Some(Disordered)),
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 09:30"), ("丙", "2026-11-20 09:00")], Some(Disordered)),
        ([("甲", "2026-11-20 12:00"), ("乙", "2026-11-20 11:30"), ("丙", "2026-11-20 11:00")], Some(Late)),
        ([("甲", "2026-11-20 08:00"), ("甲", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], Some(SamePerson)),
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 08:30"), ("甲", "2026-11-20 09:00")], Some(SamePerson)),
        ([("张 三", "2026-11-20 08:00"), ("张三", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], Some(SamePerson)),
        ([("Ｌｉ", "2026-11-20 08:00"), ("li", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], Some(SamePerson)),
        (
            [("甲、乙", "2026-11-20 08:00"), ("乙，甲", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")],
            Some(SamePerson),
        ),
        (
            [("甲、乙", "2026-11-20 08:00"), ("乙、丁", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")],
            Some(SamePerson),
        ),
        (
            [("甲一（办公室）", "2026-11-20 08:00"), ("乙", "2026-11-20 08:30"), ("甲一(局长)", "2026-11-20 09:00")],
            Some(SamePerson),
        ),
        ([("甲、乙", "2026-11-20 08:00"), ("丁、戊", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], None),
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 08:30"), ("", "2026-11-20 09:00")], Some(Incomplete)),
        ([("甲", "2026-11-20 08:00"), ("\u{3000}", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], Some(Incomplete)),
        ([("甲", "2026-11-20 08:00"), ("乙", ""), ("丙", "2026-11-20 09:00")], Some(Incomplete)),
        // Whoever the row above names, and offices, may be different people; a mark is nobody.
        ([("同上", "2026-11-20 08:00"), ("同上", "2026-11-20 08:30"), ("同上", "2026-11-20 09:00")], None),
        ([("办公室", "2026-11-20 08:00"), ("办公室", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], None),
        ([("王局", "2026-11-20 08:00"), ("乙", "2026-11-20 08:30"), ("王局", "2026-11-20 09:00")], Some(SamePerson)),
        ([("同意", "2026-11-20 08:00"), ("同意", "2026-11-20 08:30"), ("同意", "2026-11-20 09:00")], Some(Incomplete)),
        ([("甲", "2026-11-20 08:00"), ("无", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")], Some(Incomplete)),
        ([("甲", "2026-11-20 08:00"), ("√", "2026-11-20 08:30"), ("—", "2026-11-20 09:00")], Some(Incomplete)),
        (
            [("初审：张三", "2026-11-20 08:00"), ("乙", "2026-11-20 08:30"), ("终审：张三", "2026-11-20 09:00")],
            Some(SamePerson),
        ),
        (
            [("张三 11-19", "2026-11-19 08:00"), ("张三 11-20", "2026-11-20 08:30"), ("丙", "2026-11-20 09:00")],
            Some(SamePerson),
        ),
        // A file that names days alone: their order counts, their first minute does not.
        ([("甲", "2026-11-20 00:00"), ("乙", "2026-11-19 00:00"), ("丙", "2026-11-20 00:00")], Some(Disordered)),
        ([("甲", "2026-11-20 08:00"), ("乙", "2026-11-20 00:00"), ("丙", "2026-11-20 09:00")], None),
        ([("甲", "2026-11-19 08:00"), ("乙", "2026-11-20 00:00"), ("丙", "2026-11-20 00:00")], None),
        ([("甲", "2026-11-19 00:00"), ("乙", "2026-11-20 00:00"), ("丙", "2026-11-21 00:00")], Some(Late)),
    ] {
        let published = post("停水通知", at("2026-11-20 10:00") + TimeDelta::seconds(30));
        let found = faults(&[published], &[record("停水通知", None, stages)]);
        assert_eq!(found.first().map(|(_, fault)| *fault), expected, "{stages:?}");
    }
}

#[test]
fn a_post_that_shows_its_day_alone_has_the_whole_day() {
    let published = PostSeen { day_only: true, ..post("停水通知", at("2026-11-20 00:00")) };
    assert_eq!(faults(std::slice::from_ref(&published), &[proper("停水通知", "2026-11-20 23:59")]), []);
    let late = faults(&[published], &[proper("停水通知", "2026-11-21 00:01")]);
    assert_eq!(late, [("停水通知".to_owned(), ReviewFault::Late)]);
}

#[test]
fn a_day_written_in_utc_is_the_day_in_the_office() {
    let published = post("停水通知", "2026-11-08T16:00:00Z".parse().unwrap());
    let written_in_utc =
        PostSeen { day_only: true, published_at: published.published_at.to_utc().fixed_offset(), ..published };
    assert_eq!(faults(std::slice::from_ref(&written_in_utc), &[proper("停水通知", "2026-11-09 17:00")]), []);
    let late = faults(&[written_in_utc], &[proper("停水通知", "2026-11-10 00:01")]);
    assert_eq!(late, [("停水通知".to_owned(), ReviewFault::Late)]);
}

#[test]
fn titles_match_across_what_people_write_differently() {
    for (shown, recorded) in [
        ("📢停水通知！", "停水通知"),
        ("关于“五一”放假的公告", "关于\"五一\"放假的公告。"),
        ("ＡＢＣ　政务", "abc政务"),
        ("防汛提示 ☔️", "防汛提示"),
        ("喜报丨云溪区获奖", "喜报|云溪区获奖"),
        ("停水通知：请储水", "停水通知 请储水"),
        ("《云溪条例》——答问", "云溪条例—答问"),
    ] {
        assert_eq!(
            faults(&[post(shown, at("2026-11-20 10:00"))], &[proper(recorded, "2026-11-20 09:00")]),
            [],
            "{shown}"
        );
    }
    for (shown, recorded) in [("第1期", "第11期"), ("停水通知（一）", "停水通知（二）"), ("增长3.5%", "增长35%")]
    {
        let found = faults(&[post(shown, at("2026-11-20 10:00"))], &[proper(recorded, "2026-11-20 09:00")]);
        assert_eq!(found, [(shown.to_owned(), ReviewFault::Missing)]);
    }
}

#[test]
fn a_title_that_was_cut_short_has_the_record_of_the_whole_one() {
    let at = |title: &str| post(title, at("2026-11-20 10:00"));
    let whole = || proper("我区召开安全生产工作会议", "2026-11-20 09:00");
    for cut in ["我区召开安全生产工作…", "我区召开安全生产工作……", "我区召开安全生产工作..."]
    {
        assert_eq!(faults(&[at(cut)], &[whole()]), [], "{cut}");
        // Of several the one without a fault.
        let late = proper("我区召开安全生产工作推进会", "2026-11-20 11:00");
        assert_eq!(faults(&[at(cut)], &[late.clone(), whole()]), [], "{cut}");
        assert_eq!(faults(&[at(cut)], &[late]), [(cut.to_owned(), ReviewFault::Late)]);
    }
    // A record is not taken from the post that bears its whole title.
    let (cut, full) = ("我区召开安全生产工作…", "我区召开安全生产工作会议");
    assert_eq!(faults(&[at(cut), at(full)], &[whole()]), [(cut.to_owned(), ReviewFault::Missing)]);
    for title in ["我区召开…", "我区召开安全生产工作"] {
        assert_eq!(faults(&[at(title)], &[whole()]), [(title.to_owned(), ReviewFault::Missing)]);
    }
}

#[test]
fn a_post_without_a_title_has_the_record_of_its_first_words() {
    let rules = rules();
    let on = |platform: Platform, records: &[ReviewRecord]| {
        let account = Account { platform, ..account() };
        let posts = ["【停水通知】明日起青石镇停水，请沿线用户提前储水", "停水通知：今日起恢复供水"];
        let posts = posts.map(|text| post(text, at("2026-11-20 10:00")));
        let posts: Vec<&PostSeen> = posts.iter().collect();
        let compared = review_faults(&bench(&rules), &account, &posts, records);
        compared.faults.iter().map(|(_, fault)| *fault).collect::<Vec<_>>()
    };
    let record = || proper("停水通知", "2026-11-20 09:00");
    let other = ReviewRecord { post_url: Some("https://weibo.com/1000001/x".to_owned()), ..record() };
    assert_eq!(on(Platform::Weibo, &[record(), other]), []);
    assert_eq!(on(Platform::Weibo, &[record()]), [ReviewFault::Missing], "one record vouches for one post");
    assert_eq!(on(Platform::Weibo, &[proper("停水", "2026-11-20 09:00")]), [ReviewFault::Missing; 2]);
    assert_eq!(on(Platform::Wechat, &[record()]), [ReviewFault::Missing; 2], "an article has a title");
}

#[test]
fn a_record_vouches_for_one_post_of_its_title() {
    let weeks = ["2026-11-06 16:00", "2026-11-13 16:00", "2026-11-20 16:00"].map(|time| post("一周要闻", at(time)));
    let records = ["2026-11-06 15:00", "2026-11-13 15:00", "2026-11-20 15:00"].map(|time| proper("一周要闻", time));
    assert_eq!(faults(&weeks, &records), []);
    let missing = [("一周要闻".to_owned(), ReviewFault::Missing)];
    for left_out in 0..3 {
        let kept: Vec<_> = records.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, r)| r.clone()).collect();
        let found = faults(&weeks, &kept);
        assert_eq!(found.len(), 1, "{left_out}: last week's record says nothing of this week's issue");
        assert!(matches!(found[0].1, ReviewFault::Missing | ReviewFault::Late));
    }
    assert_eq!(faults(&weeks[..2], &records[..1]), missing);
    // The same post listed twice is one post.
    assert_eq!(faults(&[weeks[0].clone(), weeks[0].clone()], &records[..1]), []);
}

#[test]
fn the_address_goes_before_the_title() {
    let url = |n: u8| format!("https://mp.weixin.qq.com/s?__biz=MzA=&mid={n}&idx=1&sn=ab");
    let shown = |n: u8| PostSeen {
        url: Some(url(n) + "&scene=27#wechat_redirect"),
        ..post("停水通知", at("2026-11-20 10:00"))
    };
    let with_url = |n: u8, last: &str| ReviewRecord { post_url: Some(url(n)), ..proper("停水通知", last) };
    let late = [("停水通知".to_owned(), ReviewFault::Late)];
    assert_eq!(faults(&[shown(1)], &[with_url(1, "2026-11-20 09:00"), with_url(2, "2026-11-20 11:00")]), []);
    assert_eq!(faults(&[shown(2)], &[with_url(1, "2026-11-20 09:00"), with_url(2, "2026-11-20 11:00")]), late);
    // An address nobody knows: the title counts, but not with a record that another post has used.
    let short = PostSeen {
        url: Some("https://mp.weixin.qq.com/s/AbC".to_owned()),
        ..post("停水通知", at("2026-11-20 12:00"))
    };
    assert_eq!(faults(std::slice::from_ref(&short), &[with_url(1, "2026-11-20 09:00")]), []);
    let missing = [("停水通知".to_owned(), ReviewFault::Missing)];
    assert_eq!(faults(&[shown(1), short], &[with_url(1, "2026-11-20 09:00")]), missing);
}

#[test]
fn an_address_handed_in_in_another_form_is_that_of_the_post() {
    let shown = |url: &str| PostSeen { url: Some(url.to_owned()), ..post("微博", at("2026-11-20 10:00")) };
    let handed_in = |url: &str| record("", Some(url), proper_stages("2026-11-20 09:00"));
    for (post, record) in [
        ("https://www.a.example/t/1.html", "http://a.example/t/1.html"),
        ("https://www.a.example/t/1/", "https://m.a.example/t/1"),
        ("https://weibo.com/7000000001/MzVRA2E8G", "https://m.weibo.cn/status/MzVRA2E8G"),
        ("https://m.weibo.cn/detail/4885639100630954", "https://weibo.com/7000000001/MzVRA2E8G"),
    ] {
        assert_eq!(faults(&[shown(post)], &[handed_in(record)]), [], "{post} {record}");
    }
    // Handed in under two forms, of which one was corrected.
    let post = "https://www.a.example/t/1.html";
    let late = || ReviewRecord { post_url: Some(post.to_owned()), ..proper("微博", "2026-11-20 11:00") };
    for records in
        [[handed_in("http://www.a.example/t/1.html"), late()], [late(), handed_in("http://www.a.example/t/1.html")]]
    {
        assert_eq!(faults(&[shown(post)], &records), []);
    }
}

#[test]
fn a_sign_off_counts_where_it_is_switched_on_and_no_record_was_handed_in() {
    use ReviewRequired::{Always, WhenImported};
    let rules = rules();
    let signed = |stages, one_person_twice| Some(SignOff { stages, one_person_twice });
    // Switched on, handed in before, required, sign-offs of the posts.
    for (sign_off, takes_part, required, posts, expected) in [
        (true, true, WhenImported, vec![signed(3, false)], (Outcome::Pass, "signed_off")),
        (true, false, WhenImported, vec![signed(3, false), signed(3, false)], (Outcome::Pass, "signed_off")),
        (true, false, WhenImported, vec![signed(3, false), None], (Outcome::Unverified, "never_handed_in")),
        (true, false, WhenImported, vec![signed(3, true), None], (Outcome::Fail, "same_person")),
        (true, true, WhenImported, vec![signed(2, false)], (Outcome::Fail, "incomplete")),
        (true, true, WhenImported, vec![None], (Outcome::Fail, "missing")),
        (true, false, Always, vec![signed(3, false), None], (Outcome::Fail, "missing")),
        (false, true, WhenImported, vec![signed(3, false)], (Outcome::Fail, "missing")),
        (false, false, WhenImported, vec![signed(3, false)], (Outcome::Unverified, "never_handed_in")),
    ] {
        let bench = Bench { sign_off, review_required: required, ..bench(&rules) };
        let posts: Vec<PostSeen> = posts
            .into_iter()
            .enumerate()
            .map(|(n, sign_off)| PostSeen { sign_off, ..post(&format!("第{n}篇"), at("2026-11-20 10:00")) })
            .collect();
        let seen = Observed { posts, ..seen() };
        let reviews = Reviews { records: Vec::new(), unit_takes_part: takes_part };
        let finding = review(&bench, &account(), &seen, &reviews).unwrap();
        assert_eq!((finding.outcome, finding.reason.as_str()), expected, "{sign_off} {takes_part} {required}");
        let told = finding.summary.contains("文末署名") && finding.summary.contains("审核时间无法核对");
        assert_eq!(told, finding.reason == "signed_off", "{}", finding.summary);
    }
}

#[test]
fn a_record_handed_in_counts_before_the_sign_off() {
    let rules = rules();
    let bench = Bench { sign_off: true, ..bench(&rules) };
    let signed = PostSeen {
        sign_off: Some(SignOff { stages: 3, one_person_twice: false }),
        ..post("停水通知", at("2026-11-20 10:00"))
    };
    let compared = review_faults(&bench, &account(), &[&signed], &[proper("停水通知", "2026-11-20 11:00")]);
    assert_eq!(compared, Compared { faults: vec![(&signed, ReviewFault::Late)], by_sign_off: 0 });
}

proptest! {
    /// As many posts of one title are reviewed as there are records early enough, however they are ordered.
    #[test]
    fn no_record_is_counted_twice_and_none_is_wasted(
        mut posts in prop::collection::vec(0i64..200, 1..12),
        records in prop::collection::vec(0i64..200, 0..12),
    ) {
        let start = at("2026-10-01 08:00");
        posts.sort_unstable();
        posts.dedup();
        let shown: Vec<PostSeen> = posts.iter().map(|hour| post("一周要闻", start + TimeDelta::hours(*hour))).collect();
        let kept: Vec<ReviewRecord> = records
            .iter()
            .map(|hour| {
                let at = start + TimeDelta::hours(*hour);
                let stage = |name: &str| ReviewStage { reviewer: Some(Personal::new(name)), at: Some(at) };
                ReviewRecord { first: stage("甲"), second: stage("乙"), last: stage("丙"), ..proper("一周要闻", "2026-10-01 08:00") }
            })
            .collect();
        let sound = shown.len() - faults(&shown, &kept).len();
        // The most that any matching could do: each record, latest first, to the earliest post after it.
        let mut free = posts.clone();
        let mut most = 0;
        let mut ordered = records.clone();
        ordered.sort_unstable();
        for record in ordered.into_iter().rev() {
            if let Some(n) = free.iter().rposition(|post| *post >= record) {
                free.remove(n);
                most += 1;
            }
        }
        prop_assert_eq!(sound, most);
    }
}
