//! Numbers of persons found and masked, and numbers that are none.

use proptest::prelude::*;

use super::*;

/// A number cut after so many digits each, put together with `mark`.
fn cut(number: &str, sizes: &[usize], mark: &str) -> String {
    let mut rest = number.chars();
    let mut parts: Vec<String> = sizes.iter().map(|size| rest.by_ref().take(*size).collect()).collect();
    parts.push(rest.collect());
    parts.join(mark)
}

// Numbers of these tests are made up: nobody has them, they only check.
fn id() -> String {
    with_check("51010719900101999")
}

fn with_check(body: &str) -> String {
    let last = (0..=10).find(|last| {
        let mut digits: Vec<u8> = body.bytes().map(|b| b - b'0').collect();
        digits.push(*last);
        number::is_id18(&digits)
    });
    match last.unwrap() {
        10 => format!("{body}X"),
        last => format!("{body}{last}"),
    }
}

fn kinds(text: &str) -> Vec<&'static str> {
    numbers(text).iter().map(|n| n.kind.key()).collect()
}

#[test]
fn identity_numbers_are_known_by_their_check_date_and_province() {
    let id = id();
    for text in [
        id.clone(),
        format!("张虚构{id}，"),
        format!("身份证号:{id}。"),
        cut(&id, &[6, 8], "-"),
        id.chars().map(|c| char::from_u32(u32::from(c) - 48 + 0xFF10).unwrap()).collect(),
        with_check("11010519491231002").to_lowercase(),
        cut(&id, &[9], "\u{200B}"),
    ] {
        assert_eq!(kinds(&text), ["id_card"], "{text}");
    }
    let mut wrong = id.clone().into_bytes();
    wrong[9] ^= 1;
    for text in [
        String::from_utf8(wrong).unwrap(),
        format!("{id}1"),
        format!("A{id}"),
        format!("https://a.example/p?id=A{id}"),
        format!("https://a.example/p?creditCode={id}"),
        format!("https://a.example/art_{}.html", with_check("51010720261123001")),
        "https://a.example/p?mobile=13800001234&card=4563510000000001".to_owned(),
        "910107199001019990".to_owned(),
        "91620105L015101280".to_owned(),
        format!("统一社会信用代码{id}"),
        mask(&id).into_owned(),
    ] {
        assert_eq!(kinds(&text), Vec::<&str>::new(), "{text}");
    }
    assert_eq!(kinds("身份证号510107900101999"), ["id_card"]);
    assert!(kinds("编号510107900101999").is_empty() && kinds("510107900101999").is_empty());
}

#[test]
fn an_identity_number_in_an_address_is_found_and_masked() {
    let id = id();
    for text in [
        format!("https://a.example/p?id={id}"),
        format!("https://a.example/p?a=1&idcard={id}&b=2"),
        format!("详见www.a.example/{id}.html。"),
        format!("链接失效：https://a.example/u/{id}/x（页面不存在）"),
    ] {
        assert_eq!(kinds(&text), ["id_card"], "{text}");
        let masked = mask(&text);
        assert!(!masked.contains(&id) && masked.contains("510***********"), "{masked}");
        assert_eq!(mask(&masked), masked);
    }
}

#[test]
fn a_mobile_number_in_an_address_is_no_leak_and_is_masked_under_its_name() {
    for (text, masked) in [
        ("https://a.example/p?mobile=13800001234&n=1", "https://a.example/p?mobile=138****1234&n=1"),
        ("见https://a.example/p?a=1&lxdh=13800001234。", "见https://a.example/p?a=1&lxdh=138****1234。"),
        ("https://a.example/p#tel=8613800001234", "https://a.example/p#tel=86138****1234"),
    ] {
        assert!(kinds(text).is_empty(), "{text}");
        assert_eq!((mask(text).as_ref(), mask(masked).as_ref(), mask_address(text).as_ref()), (masked, masked, masked));
    }
    for (url, told) in [
        ("https://a.example/u/13800001234/13900002345.html", "https://a.example/u/138****1234/139****2345.html"),
        ("https://a.example/p?q=13800001234", "https://a.example/p?q=138****1234"),
    ] {
        assert_eq!((mask(url).as_ref(), mask_address(url).as_ref()), (url, told), "it has to be opened");
    }
    for whole in
        ["https://a.example/t20261123_1732435200000.html", "https://a.example/138000012345", "https://a.example/"]
    {
        assert_eq!(mask_address(whole), whole);
    }
    assert!(!mask_address(&format!("https://a.example/p?id={}", id())).contains(&id()));
}

#[test]
fn a_certificate_in_an_address_is_found_and_masked_as_in_a_text() {
    let (id, with_x) = (id(), with_check("11010519491231002"));
    for text in [
        format!("https://a.example/p?cjzh={id}43"),
        format!("https://a.example/p?a=1&no={id}43B1&b=2"),
        format!("https://a.example/u/{with_x}71/x"),
        format!("详见www.a.example/{id}11.html。"),
        format!("https://a.example/login?to=https%3A%2F%2Fb.example%2Fp%3Fno%3D{id}43%26a%3D1"),
    ] {
        assert_eq!(kinds(&text), ["id_card"], "{text}");
        let masked = mask(&text);
        assert!(masked.contains("*************") && !masked.contains("0101999"), "{masked}");
        assert_eq!((mask(&masked), masked.chars().count()), (masked.clone(), text.chars().count()));
    }
    for text in [
        format!("https://a.example/p?no={id}83"),
        format!("https://a.example/p?no={id}431"),
        format!("https://a.example/p?orderNo={id}43"),
        format!("https://a.example/p?no=A{id}43"),
        format!("https://a.example/art_{}43.html", with_check("51010720261123001")),
    ] {
        assert_eq!((kinds(&text), mask(&text).into_owned()), (Vec::new(), text));
    }
}

#[test]
fn a_number_in_an_address_within_an_address_is_masked() {
    let id = id();
    for before in ["%3D", "%253D", "%25253d", "%20", "%2520", "%E5%8F%B7", "%22"] {
        let text = format!("https://a.example/login?to=https%3A%2F%2Fb.example%2Fp%3Fidcard{before}{id}%26n%3D1");
        assert_eq!(kinds(&text), ["id_card"], "{text}");
        assert!(!mask(&text).contains(&id), "{text}");
    }
    let phone = "https://a.example/login?to=b.example%2Fp%3Fmobile%3D13800001234%26n%3D1";
    assert_eq!(mask(phone), phone.replace("0000", "****"));
    let path = "https://a.example/login?to=b.example%2Fu%2F13800001234%2Fx";
    assert_eq!((mask(path).as_ref(), mask_address(path).into_owned()), (path, path.replace("0000", "****")));
    assert!(kinds(&format!("https://a.example/f/3D{id}")).is_empty(), "a part of a longer name");
}

/// `hotel` is no telephone, and a `recorder` no order: names are read by their words.
#[test]
fn what_a_parameter_is_called_is_read_by_its_words() {
    for name in ["hotel", "hotelId", "intel", "motel_no", "cartel", "SJHJ"] {
        let text = format!("https://a.example/p?{name}=13800001234");
        assert_eq!(mask(&text), text);
    }
    for name in [
        "tel",
        "TEL",
        "userTel",
        "user_tel",
        "link-tel",
        "telNo",
        "usermobile",
        "phoneNumber",
        "contactPhone",
        "sjh",
        "lxdh",
    ] {
        let text = format!("https://a.example/p?n=1&{name}=13800001234");
        assert_eq!(mask(&text), text.replace("0000", "****"), "{name}");
    }
    let id = id();
    for name in ["recorder", "border", "orderUser", "creditPerson", "accredit", "orderly"] {
        let text = format!("https://a.example/p?{name}={id}");
        assert_eq!(kinds(&text), ["id_card"], "{name}");
    }
    for name in [
        "creditCode",
        "credit_code",
        "unifiedSocialCreditCode",
        "entcreditcode",
        "orderNo",
        "purchaseOrder",
        "orgCode",
        "uniscid",
    ] {
        let text = format!("https://a.example/p?{name}={id}");
        assert!(kinds(&text).is_empty(), "{name}");
    }
}

#[test]
fn an_identity_number_written_figure_by_figure_is_found_and_masked() {
    let id = id();
    let with_x = (0..1000).map(|n| with_check(&format!("11010519491231{n:03}"))).find(|id| id.ends_with('X')).unwrap();
    let singly = |mark: &str| id.chars().map(String::from).collect::<Vec<_>>().join(mark);
    let wide = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_digit() { char::from_u32(u32::from(c) + 0xFEE0).unwrap() } else { c })
            .collect()
    };
    for text in [
        singly(" "),
        singly("-"),
        singly("\u{3000}"),
        singly("  "),
        singly(" | "),
        singly("\n"),
        wide(&singly(" ")),
        format!("身份证号码：{}，联系电话另告", singly(" ")),
        format!("1. {}", singly(" ")),
        format!("张三 {} 13800001234", singly(" ")),
        format!("身份证号 {} 2 0 2 6", singly(" ")),
        with_x.chars().map(String::from).collect::<Vec<_>>().join(" "),
        cut(&id, &[2, 2, 2, 4, 2, 2, 3], " "),
        cut(&id, &[5, 5, 5], "-"),
        cut(&id, &[10], " "),
        with_x.replace('X', "×"),
        with_x.replace('X', "Х"),
        id.chars().map(|c| char::from_u32(u32::from(c) - 48 + 0x1D7CE).unwrap()).collect(),
    ] {
        assert!(kinds(&text).contains(&"id_card"), "{text}");
        let masked = mask(&text);
        assert_eq!((masked.chars().count(), mask(&masked).into_owned()), (text.chars().count(), masked.to_string()));
        let left: String = masked.chars().filter(char::is_ascii_digit).collect();
        assert!(!left.contains("19900101") && !left.contains("19491231"), "{masked}");
    }
    let mut wrong: Vec<char> = id.chars().collect();
    wrong.swap(6, 7);
    for text in [
        wrong.iter().map(char::to_string).collect::<Vec<_>>().join(" "),
        format!("{} 1 2", singly(" ")),
        format!("A{}", singly(" ")),
        format!("统一社会信用代码：{}", singly(" ")),
        format!("{}5", singly(" ")),
        singly("、"),
        singly("    "),
        cut(&id, &[6, 8], "\n"),
    ] {
        assert!(!kinds(&text).contains(&"id_card"), "{text}");
    }
}

#[test]
fn a_licence_beside_an_identity_number_does_not_hide_it() {
    let id = id();
    let grouped = cut(&id, &[6, 8], " ");
    for text in [
        format!("统一社会信用代码/身份证号码：{id}"),
        format!("身份证号码/统一社会信用代码：{id}"),
        format!("统一社会信用代码（身份证号）：{id}"),
        format!("张三 | 食品经营许可证 | {id}"),
        format!("张三\t食品经营许可证\t{id}"),
        format!("食品经营许可证,{id}"),
        format!("烟草专卖许可证注销公告 张三{id}"),
        format!("食品经营许可证 {id}"),
        format!("备案号 {grouped}"),
        format!("备案号：某字第1号 身份证：{grouped}"),
        format!("统一社会信用代码 /  身份证 {id}"),
        format!("许可证编号另发，张三{id}"),
    ] {
        assert_eq!(kinds(&text), ["id_card"], "{text}");
        assert!(!mask(&text).contains(&id), "{text}");
    }
    for text in [
        format!("统一社会信用代码：{id}"),
        format!("统一社会信用代码 {id}"),
        format!("组织机构代码：{grouped}"),
        format!("许可证编号：{id}"),
        format!("许可证号{id}"),
        format!("纳税人识别号为{id}"),
        "许可证编号 13800001234".to_owned(),
        "订单号：6222021234567890128".to_owned(),
    ] {
        assert!(kinds(&text).is_empty(), "{text}");
    }
    assert_eq!(kinds("订单联系人13800001234"), ["mobile"]);
    assert_eq!(kinds("统一社会信用代码/身份证号510107900101999"), ["id_card"]);
    assert!(kinds("身份证复印件、许可证编号510107900101999").is_empty());
}

#[test]
fn cards_are_known_by_issuer_or_by_name() {
    assert_eq!(kinds("6222020000000000005"), Vec::<&str>::new());
    let card = (0..10).map(|d| format!("622202123456789012{d}")).find(|c| !kinds(c).is_empty()).unwrap();
    assert_eq!(kinds(&format!("汇至{}", cut(&card, &[4, 4, 4, 4], " "))), ["bank_card"]);
    let id = (0..10).map(|d| format!("475630417634951{d}")).find(|c| !kinds(&format!("卡号：{c}")).is_empty()).unwrap();
    assert!(kinds(&id).is_empty(), "an id of a platform is no card");
    assert!(kinds(&format!("微博账号{id}")).is_empty());
}

#[test]
fn mobiles_are_known_in_every_dress() {
    for text in [
        "13800001234",
        "138 0000 1234",
        "138-0000-1234",
        "+86 138 0000 1234",
        "+8613800001234",
        "008613800001234",
        "0086 138 0000 1234",
        "联系人李四13800001234人事科",
        "王五13800001234万春镇",
        "Tel13800001234",
        "微信：wx13800001234",
        "138.0000.1234",
        "138·0000·1234",
        "138—0000—1234",
        "138_0000_1234",
        "138/0000/1234",
        "138  0000  1234",
        "１３８００００１２３４",
        "电话：13800001234/13800005678",
    ] {
        assert!(kinds(text).iter().all(|k| *k == "mobile") && !kinds(text).is_empty(), "{text}");
    }
    for text in [
        "12345",
        "400-820-8820",
        "010-88651602",
        "12800001234",
        "13800001234元",
        "131.12345678",
        "138-0000_1234",
        "abctel13800001234",
        "13800001234万元",
        "13800001234人次",
        "8613800001234元",
        "138****1234",
        "ID_13800001234",
        "13800001234567",
        "0.13800001234",
        "13888888888",
    ] {
        assert!(kinds(text).is_empty(), "{text}");
    }
}

#[test]
fn a_mobile_behind_zeros_or_before_an_office_is_masked() {
    for (text, masked) in [
        ("电话008613800001234", "电话0086138****1234"),
        ("李四13800001234人事科", "李四138****1234人事科"),
        ("王五13800001234万春镇", "王五138****1234万春镇"),
        ("138.0000.1234", "138.****.1234"),
    ] {
        assert_eq!(mask(text), masked);
    }
}

#[test]
fn one_mobile_is_how_an_office_is_reached_and_a_list_is_a_leak() {
    assert!(suspects("联系电话：13800001234", 3).is_empty());
    assert!(suspects("请拨打13800001234", 3).is_empty());
    let list = "张三 13800001234\n李四 13800002345\n王五 13800003456";
    assert_eq!(suspects(list, 3).len(), 3);
    assert!(suspects(list, 4).is_empty());
    assert!(suspects("甲村联系人：13800001234；乙村联系人：13800002345；丙村联系人：13800003456", 3).is_empty());
    assert_eq!(suspects(&format!("张虚构 {} 13800001234", id()), 3).len(), 2);
}

#[test]
fn masks_show_who_could_be_meant_to_those_who_know_and_nothing_else() {
    let id = id();
    let tail: String = id.chars().skip(14).collect();
    assert_eq!(mask(&format!("张虚构{id}，13800001234")), format!("张虚构510***********{tail}，138****1234"));
    assert_eq!(mask("+86 138-0000-1234"), "+86 138-****-1234");
    assert!(matches!(mask("没有号码的一句话"), Cow::Borrowed(_)));
}

proptest! {
    #[test]
    fn masks_hold_and_keep_every_place(text in "\\PC{0,60}|([0-9０-９xX*. \\-/张身份证号卡：\u{200B}]|13800001234|6222021234567890|51010719900101999[0-9X]|4563510000000001){0,30}") {
        let once = mask(&text).into_owned();
        prop_assert_eq!(once.chars().count(), text.chars().count());
        prop_assert_eq!(&mask(&once).into_owned(), &once);
        let mut after = 0;
        for number in numbers(&text) {
            prop_assert!(number.chars.start >= after && number.chars.end <= text.chars().count());
            prop_assert_eq!(number.masked.chars().count(), number.chars.len());
            prop_assert!(number.masked.contains('*'));
            after = number.chars.end;
        }
        prop_assert!(numbers(&once).is_empty());
    }
}

/// 残疾人证号: whoever publishes it publishes the identity number in it, and what its bearer suffers from.
#[test]
fn the_number_of_a_disability_certificate_holds_an_identity_number() {
    let id = "510107199001019995";
    for (text, masked) in [
        (format!("残疾人证号：{id}43"), Some("残疾人证号：510*************9543")),
        (format!("张三\t{id}43\t二级"), Some("张三\t510*************9543\t二级")),
        (format!("残疾证{id}43B1，李四"), Some("残疾证510*************9543B1，李四")),
        ("11010519491231002X71".to_owned(), Some("110*************2X71")),
        // No such kind or degree, no checksum, a longer row, an order.
        (format!("{id}83"), None),
        (format!("{id}45"), None),
        ("51010719900101999643".to_owned(), None),
        (format!("{id}431"), None),
        (format!("{id}43BX"), None),
        (format!("订单号{id}43"), None),
    ] {
        assert_eq!(mask(&text), masked.unwrap_or(&text), "{text}");
        assert_eq!(suspects(&text, 3).len(), usize::from(masked.is_some()), "{text}");
        assert_eq!(mask(&mask(&text)), mask(&text));
    }
}
