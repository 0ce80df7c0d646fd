//! Files that appear whole or not at all, whatever stands under their name.
//!
//! What is written goes into a file beside the target and takes the target's name when it is
//! complete. A name is only ever taken from a plain file: a link stays and what it points to is
//! replaced; into a device or a pipe the bytes are written, for it has no name to give away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Links followed before a circle is assumed, as the system does.
const MOST_LINKS: usize = 40;

/// A file on its way: [`part`](Self::part) is written, [`finish`](Self::finish) puts it in place.
/// Dropped unfinished, nothing of it is left.
#[derive(Debug)]
pub struct Unfinished {
    /// The file as it was named.
    path: PathBuf,
    /// What is really written to.
    target: Target,
    part: PathBuf,
    /// Where the part is kept that has no place beside its target.
    _room: Option<TempDir>,
}

#[derive(Debug)]
enum Target {
    /// A plain file, or none yet.
    File(PathBuf),
    /// A device, a pipe, or what is open under a number.
    Stream,
}

impl Unfinished {
    /// Begins the file at `path`; nothing is written yet. Errors: a folder, a circle of links.
    pub fn new(path: &Path) -> io::Result<Self> {
        let target = target_of(path)?;
        let (part, room) = match &target {
            Target::File(real) => (beside(real), None),
            Target::Stream => {
                let room = tempfile::Builder::new().prefix("xuncha-").tempdir()?;
                (room.path().join("part"), Some(room))
            }
        };
        Ok(Self { path: path.to_owned(), target, part, _room: room })
    }

    /// The file to write.
    #[must_use]
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Puts what was written in its place; gives the path as it was named.
    pub fn finish(self) -> io::Result<PathBuf> {
        match &self.target {
            Target::File(real) => fs::rename(&self.part, real)?,
            Target::Stream => {
                let mut into = fs::OpenOptions::new().append(true).open(&self.path)?;
                io::copy(&mut fs::File::open(&self.part)?, &mut into)?;
            }
        }
        Ok(self.path.clone())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Why not reported: after a rename it is gone, and what went wrong before that is said already.
        let _ = fs::remove_file(&self.part);
    }
}

/// Writes a file that appears whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = Unfinished::new(path)?;
    fs::write(file.part(), bytes)?;
    file.finish().map(|_| ())
}

fn target_of(path: &Path) -> io::Result<Target> {
    match fs::metadata(path) {
        // Why read: the system's own words for it.
        Ok(meta) if meta.is_dir() => return Err(fs::read(path).err().unwrap_or(io::ErrorKind::IsADirectory.into())),
        Ok(meta) if !meta.is_file() => return Ok(Target::Stream),
        _ => {}
    }
    let mut real = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&real) else { return Ok(Target::File(real)) };
        // What is open under a number (`/dev/stdout` and the like) is written to, not replaced.
        if real.starts_with("/proc") {
            return Ok(Target::Stream);
        }
        real = real.parent().unwrap_or_else(|| Path::new("")).join(next);
    }
    Err(io::Error::other("a circle of links"))
}

fn beside(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_file_is_replaced_and_leaves_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        drop(Unfinished::new(&path).map(|file| fs::write(file.part(), b"three")).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("real.json", at("one")).unwrap();
        std::os::unix::fs::symlink(at("one"), at("two")).unwrap();
        for text in ["not there yet", "there"] {
            write_whole(&at("two"), text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(at("real.json")).unwrap(), text);
            assert!(at("one").is_symlink() && at("two").is_symlink());
        }
        std::os::unix::fs::symlink(at("round"), at("round")).unwrap();
        assert!(write_whole(&at("round"), b"x").is_err());
        assert_eq!(write_whole(folder.path(), b"x").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_and_an_open_file_are_written_to_and_stay() {
        use std::os::fd::AsRawFd as _;
        use std::os::unix::fs::FileTypeExt as _;
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        write_whole(&link, b"gone").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device() && link.is_symlink());
        let open = tempfile::tempfile_in(folder.path()).unwrap();
        write_whole(Path::new(&format!("/proc/self/fd/{}", open.as_raw_fd())), b"through").unwrap();
        assert_eq!(open.metadata().unwrap().len(), 7);
    }
}
