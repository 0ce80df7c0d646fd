//! Text files of several encodings as a stream of UTF-8.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};

use super::FileErrorKind;

/// Bytes read from the file at a time.
const CHUNK: usize = 64 * 1024;

/// Bytes of one row; the CSV reader holds a row in memory, however long it is.
const LONGEST_ROW: u64 = 16 * 1024 * 1024;

/// Where a file stops being text in some encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Malformed {
    offset: u64,
    line: usize,
}

/// Finds the encoding of the whole file: its byte order mark, else UTF-8, else GB18030.
pub(super) fn detect(file: &mut File) -> Result<&'static Encoding, FileErrorKind> {
    let mut start = [0; 3];
    file.rewind().map_err(FileErrorKind::Io)?;
    let read = file.read(&mut start).map_err(FileErrorKind::Io)?;
    let marked = Encoding::for_bom(start.get(..read).unwrap_or_default()).map(|(encoding, _)| encoding);
    let candidates = marked.map_or_else(|| vec![UTF_8, GB18030], |encoding| vec![encoding]);
    let mut first = None;
    for encoding in candidates {
        let mut stream = Utf8Stream::new(file, encoding)?;
        match io::copy(&mut stream, &mut io::sink()) {
            Ok(_) => return Ok(encoding),
            Err(error) => match stream.malformed {
                // The file is a UTF-8 file with one bad place more often than anything else.
                Some(malformed) => _ = first.get_or_insert(malformed),
                None => return Err(FileErrorKind::Io(error)),
            },
        }
    }
    let Malformed { offset, line } = first.unwrap_or(Malformed { offset: 0, line: 1 });
    Err(FileErrorKind::NotText { offset, line })
}

/// A file's text as UTF-8, without its byte order mark; counts quotation marks as they pass.
pub(super) struct Utf8Stream<'a> {
    file: BufReader<&'a mut File>,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    text: Vec<u8>,
    text_at: usize,
    ended: bool,
    consumed: u64,
    malformed: Option<Malformed>,
    pub(super) quotes: u64,
    starts: LineStarts,
    /// Where the row that is being read begins; `None` while the file is only looked through.
    row_from: Option<u64>,
    pub(super) row_is_too_long: bool,
}

/// Where the lines that are not blank begin, as (byte, line): the CSV reader numbers a row that
/// follows blank lines by the first of those.
#[derive(Default)]
struct LineStarts {
    ahead: VecDeque<(u64, usize)>,
    bytes: u64,
    newlines: usize,
    inside: bool,
}

impl LineStarts {
    fn pass(&mut self, text: &[u8], keep: bool) {
        for byte in text {
            match byte {
                b'\n' => (self.newlines, self.inside) = (self.newlines + 1, false),
                b'\r' => {}
                _ if !self.inside => {
                    self.inside = true;
                    if keep {
                        self.ahead.push_back((self.bytes, self.newlines + 1));
                    }
                }
                _ => {}
            }
            self.bytes += 1;
        }
    }
}

impl<'a> Utf8Stream<'a> {
    pub(super) fn new(file: &'a mut File, encoding: &'static Encoding) -> Result<Self, FileErrorKind> {
        file.rewind().map_err(FileErrorKind::Io)?;
        Ok(Self {
            file: BufReader::new(file),
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            raw_at: 0,
            text: Vec::new(),
            text_at: 0,
            ended: false,
            consumed: 0,
            malformed: None,
            quotes: 0,
            starts: LineStarts::default(),
            row_from: None,
            row_is_too_long: false,
        })
    }

    /// The next row begins at `byte` of the text; from the first call on lines are numbered.
    pub(super) fn begin_row(&mut self, byte: u64) {
        self.row_from = Some(byte);
    }

    /// The line of the first row that begins at `byte` of the text or later; asked for in order.
    pub(super) fn line_at(&mut self, byte: u64) -> usize {
        while self.starts.ahead.front().is_some_and(|(start, _)| *start < byte) {
            self.starts.ahead.pop_front();
        }
        self.starts.ahead.front().map_or(self.starts.newlines + 1, |(_, line)| *line)
    }

    /// Decodes the next chunk into `text`; leaves it empty at the end of the file.
    fn refill(&mut self) -> io::Result<()> {
        self.text_at = 0;
        self.text.clear();
        while self.text.is_empty() && !self.ended {
            if self.raw_at == self.raw.len() {
                self.raw.resize(CHUNK, 0);
                self.raw_at = 0;
                let read = self.file.read(&mut self.raw)?;
                self.raw.truncate(read);
            }
            let last = self.raw.is_empty();
            let rest = self.raw.get(self.raw_at..).unwrap_or_default();
            self.text.resize(CHUNK * 3 + 16, 0);
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(rest, &mut self.text, last);
            self.text.truncate(written);
            self.raw_at += read;
            self.consumed += read as u64;
            self.quotes += self.text.iter().map(|byte| u64::from(*byte == b'"')).sum::<u64>();
            self.starts.pass(&self.text, self.row_from.is_some());
            if self.row_from.is_some_and(|from| self.starts.bytes.saturating_sub(from) > LONGEST_ROW) {
                self.row_is_too_long = true;
                return Err(io::Error::from(io::ErrorKind::InvalidData));
            }
            match result {
                DecoderResult::InputEmpty => self.ended = last,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(bad, after) => {
                    let offset = self.consumed.saturating_sub(u64::from(bad) + u64::from(after));
                    self.malformed = Some(Malformed { offset, line: self.starts.newlines + 1 });
                    return Err(io::Error::from(io::ErrorKind::InvalidData));
                }
            }
        }
        Ok(())
    }
}

impl Read for Utf8Stream<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.text_at == self.text.len() {
            self.refill()?;
        }
        let mut rest = self.text.get(self.text_at..).unwrap_or_default();
        let read = rest.read(out)?;
        self.text_at += read;
        Ok(read)
    }
}
