//! PDF for preview, by the LibreOffice the office has.
//!
//! Why not a typesetter inside the program: it would double the release build (700 CPU seconds
//! on top of 600) and more than double the binary (40 MB), and it would set a document of its own
//! beside the .docx that is signed. LibreOffice shows that very file. A machine without it is
//! told how to get it; nothing else needs it.
//!
//! Each run has a profile folder of its own, so it neither waits for nor disturbs an open
//! LibreOffice, and a time after which it is ended with all it started.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::disk::Unfinished;
use crate::domain::Lang;

/// By these names LibreOffice is looked for.
const PROGRAMS: [&str; 2] = ["soffice", "libreoffice"];
/// Documents converted by one run.
const BATCH: usize = 40;
/// What starting takes at most, and each document on top of it.
const START: Duration = Duration::from_secs(90);
const EACH: Duration = Duration::from_secs(20);

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// LibreOffice is not there.
    #[error(
        "no LibreOffice was found (`soffice` or `libreoffice` in PATH), which --pdf needs: install it (Debian: apt install libreoffice-writer fonts-noto-cjk), or leave --pdf out; the other documents are written"
    )]
    Missing,
    /// It took too long and was ended.
    #[error(
        "LibreOffice did not finish within {0} s and was ended; the .docx files are written, open and export them by hand"
    )]
    TooSlow(u64),
    /// It ended without the file.
    #[error("LibreOffice made no PDF of {0}; open it and export it by hand")]
    NoFile(PathBuf),
    /// A file or folder.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PdfError {
    /// The sentence in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) | (_, Self::File { .. }) => self.to_string(),
            (Lang::Zh, Self::Missing) => "--pdf 需要 LibreOffice，但 PATH 中没有 soffice 或 libreoffice：请安装（Debian：apt install libreoffice-writer fonts-noto-cjk），或去掉 --pdf；其他文件已写入".to_owned(),
            (Lang::Zh, Self::TooSlow(seconds)) => format!("LibreOffice 在{seconds}秒内没有完成转换，已结束；.docx 文件已写入，可打开后手工导出 PDF"),
            (Lang::Zh, Self::NoFile(path)) => format!("LibreOffice 没有生成 {} 的 PDF，可打开后手工导出", path.display()),
        }
    }

    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// The fonts of official papers with open ones that stand in for them where they are missing.
///
/// Why here: LibreOffice does not read the alternatives that the .docx itself names.
const STAND_INS: [(&str, &str); 5] = [
    ("方正小标宋简体", "Noto Serif CJK SC"),
    ("仿宋_GB2312", "Noto Serif CJK SC"),
    ("楷体_GB2312", "Noto Serif CJK SC"),
    ("宋体", "Noto Serif CJK SC"),
    ("黑体", "Noto Sans CJK SC"),
];

/// The settings of the profile: which font stands in for which.
///
/// Why by `fc-list`: LibreOffice puts the one in place of the other even where the other is
/// there. A machine that cannot list its fonts keeps them all.
fn settings() -> String {
    let listed = Command::new("fc-list").args([":", "family"]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let installed = listed.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    let families: Vec<&str> = installed.split([',', '\n']).map(str::trim).collect();
    let pairs = STAND_INS.iter().filter(|(font, instead)| !families.contains(font) && families.contains(instead));
    // Why: where neither it nor one of its measure is there, what comes in its place is a fifth wider.
    let of_its_measure = ["Times New Roman", "Liberation Serif", "Tinos", "Nimbus Roman", "TeX Gyre Termes"];
    let latin = Some(&("Times New Roman", "Noto Serif CJK SC")).filter(|(_, instead)| {
        families.contains(instead) && !of_its_measure.iter().any(|font| families.contains(font))
    });
    let pairs = pairs.chain(latin);
    let path = "/org.openoffice.Office.Common/Font/Substitution";
    let mut xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="{path}"><prop oor:name="Replacement" oor:op="fuse"><value>true</value></prop></item>
"#
    );
    for (number, (font, instead)) in pairs.enumerate() {
        let prop =
            |name: &str, value: &str| format!(r#"<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop>"#);
        let _ = writeln!(
            xml,
            r#"<item oor:path="{path}/FontPairs"><node oor:name="_{number}" oor:op="replace">{}{}{}{}</node></item>"#,
            prop("ReplaceFont", font),
            prop("SubstituteFont", instead),
            prop("Always", "true"),
            prop("OnScreenOnly", "false"),
        );
    }
    xml.push_str("</oor:items>\n");
    xml
}

/// Makes a PDF of each document beside it and returns them; `room` is a folder in which a
/// working folder may be made and removed again.
pub(super) fn convert(documents: &[PathBuf], room: &Path) -> Result<Vec<PathBuf>, PdfError> {
    let work = Work::new(room)?;
    let (profile, user) = (work.0.join("profile"), work.0.join("profile/user"));
    let own = user.join("registrymodifications.xcu");
    fs::create_dir_all(&user).and_then(|()| fs::write(&own, settings())).map_err(PdfError::file(&own))?;
    let mut made = Vec::with_capacity(documents.len());
    for (number, batch) in documents.chunks(BATCH).enumerate() {
        let out = work.0.join(number.to_string());
        // Why copies under plain names: a name may be in a script the machine's locale cannot spell.
        let mut inputs = Vec::with_capacity(batch.len());
        fs::create_dir_all(&out).map_err(PdfError::file(&out))?;
        for (place, document) in batch.iter().enumerate() {
            let input = out.join(format!("{place}.docx"));
            fs::copy(document, &input).map_err(PdfError::file(document))?;
            inputs.push(input);
        }
        run(&profile, &out, &inputs)?;
        for (document, input) in batch.iter().zip(inputs) {
            let (pdf, target) = (input.with_extension("pdf"), document.with_extension("pdf"));
            if !pdf.is_file() {
                return Err(PdfError::NoFile(document.clone()));
            }
            put(&pdf, &target).map_err(PdfError::file(&target))?;
            made.push(target);
        }
    }
    Ok(made)
}

/// Puts a finished file in its place, which may be a link or a device.
fn put(made: &Path, target: &Path) -> io::Result<()> {
    let file = Unfinished::new(target)?;
    fs::copy(made, file.part())?;
    file.finish().map(|_| ())
}

/// A folder of this run alone, removed at its end.
struct Work(PathBuf);

impl Work {
    fn new(room: &Path) -> Result<Self, PdfError> {
        let room = std::path::absolute(room).map_err(PdfError::file(room))?;
        let folder = room.join(format!(".pdf-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(PdfError::file(&folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What stays behind is a hidden folder; there is nobody to tell.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(profile: &Path, out: &Path, inputs: &[PathBuf]) -> Result<(), PdfError> {
    let limit = START + EACH * inputs.len() as u32;
    for program in PROGRAMS {
        let mut command = Command::new(program);
        command
            .arg(format!("-env:UserInstallation={}", file_url(profile)))
            .args(["--headless", "--norestore", "--convert-to", "pdf", "--outdir"])
            .arg(out)
            .args(inputs)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        match command.spawn() {
            Ok(child) => {
                // Why the status is not asked further: whether the file is there says more.
                return match wait(child, limit).map_err(PdfError::file(Path::new(program)))? {
                    Some(_) => Ok(()),
                    None => Err(PdfError::TooSlow(limit.as_secs())),
                };
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(PdfError::File { path: program.into(), source }),
        }
    }
    Err(PdfError::Missing)
}

/// Waits for a process; past the limit it is ended with all it started, and there is no status.
fn wait(mut child: Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > limit {
            // The launcher is a script: its whole group goes.
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
            let _ = child.kill();
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A path as a file URL.
fn file_url(path: &Path) -> String {
    let mut url = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => url.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => url.push(byte.into()),
            byte => drop(write!(url, "%{byte:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_ended() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(wait(child, Duration::from_millis(50)).unwrap().is_none());
        let child = Command::new("true").spawn().unwrap();
        assert!(wait(child, Duration::from_secs(10)).unwrap().is_some_and(|status| status.success()));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_its_place_and_its_file_becomes_the_pdf() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("made"), b"%PDF").unwrap();
        std::os::unix::fs::symlink("real.pdf", at("bulletin.pdf")).unwrap();
        put(&at("made"), &at("bulletin.pdf")).unwrap();
        assert!(at("bulletin.pdf").is_symlink());
        assert_eq!(fs::read(at("real.pdf")).unwrap(), b"%PDF");
    }

    #[test]
    fn a_profile_in_a_folder_of_any_name_is_a_url() {
        assert_eq!(file_url(Path::new("/tmp/报 表/p")), "file:///tmp/%E6%8A%A5%20%E8%A1%A8/p");
    }
}
