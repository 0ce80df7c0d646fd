//! The built-in lexicon, an office's own rows, and what is no mistake.

use proptest::prelude::*;

use super::*;
use crate::domain::Lang;

fn rows(lines: &[&str]) -> Vec<Row> {
    let heading = "类别,写法,规范写法,语境,依据";
    std::iter::once(&heading)
        .chain(lines)
        .enumerate()
        .map(|(at, line)| Row { line: at + 1, cells: line.split(',').map(str::to_owned).collect() })
        .collect()
}

fn words(lexicon: &Lexicon, text: &str) -> Vec<String> {
    lexicon.find(text).into_iter().map(|hit| hit.word).collect()
}

#[test]
fn the_built_in_rows_are_all_usable() {
    let rules = row::read(&built_in_rows())
        .unwrap_or_else(|problems| panic!("{:#?}", problems.iter().map(|p| p.text(Lang::En)).collect::<Vec<_>>()));
    assert!(rules.len() > 100, "{}", rules.len());
    // A form that stands twice is a row too many.
    let mut seen = std::collections::HashSet::new();
    for rule in rules.iter().filter(|r| matches!(r.kind, RowKind::Word | RowKind::Name | RowKind::Wording)) {
        for form in &rule.find {
            assert!(seen.insert(fold_word(form)), "line {}: {form} stands twice", rule.line);
        }
    }
}

#[test]
fn every_built_in_form_is_found_and_its_right_form_is_not() {
    let lexicon = Lexicon::built_in();
    for rule in &lexicon.rules {
        if !matches!(rule.kind, RowKind::Word | RowKind::Name | RowKind::Wording) {
            continue;
        }
        let context = rule.context.first().map(String::as_str).unwrap_or_default();
        for form in &rule.find {
            let found = lexicon.find(&format!("{context}，{form}。"));
            assert!(found.iter().any(|hit| hit.word == fold_word(form)), "{form} is not found");
        }
        for right in row::forms(&rule.right) {
            assert_eq!(words(&lexicon, &format!("{context}，{right}。")), Vec::<String>::new(), "{right} is right");
        }
    }
}

#[test]
fn reported_typos_are_found_with_their_place_and_right_form() {
    let lexicon = Lexicon::built_in();
    for (text, word, right, chars) in [
        ("区攻府召开会议", "攻府", "政府", 1..3),
        ("现就工作 部\u{3000}置如下", "部置", "布置", 5..8),
        ("成立领导小姐", "领导小姐", "领导小组", 2..6),
        ("警钟常鸣", "警钟常鸣", "警钟长鸣", 0..4),
        ("中华人民大和国", "中华人民大和国", "中华人民共和国", 0..7),
        ("禁止焚烧秸\u{200B}杆", "秸杆", "秸秆", 4..7),
        ("中共人民共和国", "中共人民共和国", "中华人民共和国", 0..7),
        // 义 is lost where it stands before 意: the right form must give it back.
        ("中国特色社会主意识形态", "中国特色社会主意识", "中国特色社会主义意识", 0..9),
        ("加强社会主意识形态工作", "社会主意识形态", "社会主义意识形态", 2..9),
        ("建设中国特色社会主意事业", "中国特色社会主意", "中国特色社会主义", 2..10),
    ] {
        let found = lexicon.find(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].word.as_str(), found[0].right.as_str(), found[0].chars.clone()), (word, right, chars));
    }
}

#[test]
fn a_longer_allowed_phrase_wins() {
    let lexicon = Lexicon::built_in();
    for sound in
        ["全部置于监管之下", "内部置换", "其中港澳台同胞", "集中港口资源", "女领导小姐姐", "中华人民共和国国旗"]
    {
        assert_eq!(words(&lexicon, sound), Vec::<String>::new(), "{sound}");
    }
    // What two words make where they meet.
    for sound in [
        "习近平平易近人",
        "毛泽东东渡黄河",
        "高质量发展展望",
        "高质量发展展示新成果",
        "高质量发展展现新气象",
        "乡村振兴兴产业",
        "中共中央央企工作会议",
        "先定岗后选人",
        "然后选人用人",
        "研究部属高校",
        "督促部属落实责任",
        "消费卷土重来",
        "消费卷起热潮",
        "征求全社会主意见",
        "几经波折迁至新址",
        "资金拨付区长专项",
        "同学藉此机会参观",
        "全国藉此契机开展",
        "造福射阳百姓",
        "加强森林防水土流失治理",
        "香港中港城码头",
        "上半年中港澳游客",
        "下陷井口已修复",
        "秦岭山脉博览会",
        "研究部属单位改革",
        "科学发展关系民生",
        "办实事求实效",
        "以事实求是非",
        "核心价值关系到长远",
        "科学发展关键在人",
        "干部暑期培训",
        "西部曙光",
        "改掉坏习惯彻底戒烟",
        "工作按排班表开展",
        "统一按排放标准执行",
        "应付市长热线",
        "秘书常驻村里",
        "环保蜜蜂养殖",
        "老侯诊所",
        "文脉博物馆",
        "路面塌陷井盖破损",
        "轻松驰骋",
        "主编篡改数据",
        "严格尽职守责",
        "谐波治理结合谐振分析",
        "发布署长令",
        "我国藉此机会",
        "实习进平台企业",
        "把名单带领到小组",
    ] {
        assert_eq!(words(&lexicon, sound), Vec::<String>::new(), "{sound}");
    }
    for (text, word) in [
        ("安排部属下一步工作", "安排部属"),
        ("召开动员部属会议", "动员部属会"),
        ("正式后选人名单公示", "正式后选人"),
        ("发放消费卷一百元", "消费卷"),
        ("社会主意现代化", "社会主意"),
        ("请到侯诊室等候", "侯诊室"),
        ("妥善按排群众", "妥善按排"),
    ] {
        assert_eq!(words(&lexicon, text), [word], "{text}");
    }
    let own = Lexicon::with_rows(&rows(&["放行,攻府营村,,,地名"])).unwrap();
    assert_eq!(words(&own, "攻府营村的攻府"), ["攻府"]);
    assert_eq!(own.find("攻府营村的攻府")[0].chars, 5..7);
}

#[test]
fn a_form_with_a_context_counts_only_there() {
    let own = Lexicon::with_rows(&rows(&["wording,根除病痛,(不得使用),胶囊|药品,广告"])).unwrap();
    assert_eq!(words(&own, "根除病痛的根源。本胶囊上市"), Vec::<String>::new());
    assert_eq!(words(&own, "本胶囊根除病痛"), ["根除病痛"]);
}

#[test]
fn titles_go_with_their_names_and_orders_are_kept() {
    let own = Lexicon::with_rows(&rows(&[
        "title,章虚构,区长|区委副书记,,虚构",
        "title,李样例,区委书记,,虚构",
        "order,区委|区人大|区政府,,,虚构",
    ]))
    .unwrap();
    assert_eq!(words(&own, "区长章虚构、区委书记李样例出席"), Vec::<String>::new());
    let found = own.find("区委书记章虚构出席，时任区委书记章虚构");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].chars.clone(), found[0].right.as_str()), (0..7, "区长、区委副书记章虚构"));
    assert_eq!(words(&own, "区委、区人大和区政府"), Vec::<String>::new());
    assert_eq!(words(&own, "区政府、区委决定"), ["区政府、区委"]);
    assert_eq!(words(&own, "区政府、区委办公室"), Vec::<String>::new());
}

#[test]
fn only_the_titles_that_rows_name_are_compared() {
    let lexicon = Lexicon::built_in();
    for sound in ["国务院总理李强", "工会主席李强", "村党支部书记李希", "时任国家副主席习近平", "李强，国家主席特使"]
    {
        assert_eq!(words(&lexicon, sound), Vec::<String>::new(), "{sound}");
    }
    assert_eq!(words(&lexicon, "国务院副总理李强出席"), ["国务院副总理李强"]);
}

#[test]
fn who_speaks_of_a_mistake_does_not_make_it() {
    let lexicon = Lexicon::built_in();
    assert_eq!(words(&lexicon, "文中“攻府”应为“政府”。"), Vec::<String>::new());
    assert_eq!(words(&lexicon, "“攻府”欢迎您。"), ["攻府"]);
}

#[test]
fn rows_that_will_not_do_are_named_with_line_column_and_cure() {
    let text = |lines: &[&str]| Lexicon::with_rows(&rows(lines)).unwrap_err()[0].text(Lang::Zh);
    assert!(text(&["错词,部属,部属"]).contains("第 2 行“写法”：“部属”与规范写法相同"));
    assert!(text(&["错词,甲,乙丙"]).contains("只有一个字"));
    assert!(text(&["怪词,甲乙,丙丁"]).contains("第 2 行“类别”：“怪词”无法识别"));
    assert!(text(&["错词,甲乙,"]).contains("“规范写法”不能为空"));
    assert!(text(&["", "停用,没有这个词,"]).contains("第 3 行“写法”：“没有这个词”在内置词库中没有"));
    assert!(text(&["排序,区委,"]).contains("至少要有两项"));
    let bad = vec![Row { line: 1, cells: vec!["类别".into(), "错误".into()] }];
    let problems = Lexicon::with_rows(&bad).unwrap_err();
    assert!(problems.iter().any(|p| p.text(Lang::En).contains("find: this column is missing")), "{problems:?}");
}

#[test]
fn a_built_in_form_can_be_switched_off() {
    let own = Lexicon::with_rows(&rows(&["停用,攻府,"])).unwrap();
    assert!(words(&own, "攻府").is_empty());
    assert!(own.version().starts_with("2026.11/3+") && own.version().len() == 18, "{}", own.version());
    assert_eq!(Lexicon::with_rows(&[]).unwrap().len(), Lexicon::built_in().len());
}

proptest! {
    #[test]
    fn no_text_panics_and_every_place_lies_in_it(text in "\\PC*|([攻府部置领导小姐中共华人民和国港、，。“”应为习近平总书记国务院 \n\u{200B}]{0,40})") {
        let count = text.chars().count();
        let mut after = 0;
        for hit in Lexicon::built_in().find(&text) {
            prop_assert!(hit.chars.start >= after && hit.chars.start < hit.chars.end && hit.chars.end <= count);
            after = hit.chars.end;
            let written: String = text.chars().skip(hit.chars.start).take(hit.chars.len()).collect();
            prop_assert_eq!(fold_word(&written), hit.word);
        }
    }
}
