//! `multipart/form-data` (RFC 7578) in pieces: files are sent from where they lie, not copied.

use crate::random::Random;

/// One field of a form.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The name of the field.
    pub name: &'a str,
    /// Name and MIME type, for a file.
    pub file: Option<(&'a str, &'a str)>,
    /// The value.
    pub bytes: &'a [u8],
}

/// A form, ready to be sent.
#[derive(Debug)]
pub struct Form<'a> {
    boundary: String,
    /// What goes before each value.
    heads: Vec<String>,
    values: Vec<&'a [u8]>,
    tail: String,
}

impl<'a> Form<'a> {
    /// A form of these fields, in this order.
    pub fn new(parts: &[Part<'a>], random: &dyn Random) -> Self {
        // 128 random bits: nobody can put the boundary into a value.
        let boundary = format!("{:016x}{:016x}", random.random_u64(), random.random_u64());
        let mut heads = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\r\n" };
            let name = quoted(part.name);
            let mut head = format!(
                "{line_break}--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\""
            );
            if let Some((file_name, mime)) = part.file {
                head.push_str("; filename=\"");
                head.push_str(&quoted(file_name));
                head.push_str("\"\r\ncontent-type: ");
                head.push_str(mime);
            }
            head.push_str("\r\n\r\n");
            heads.push(head);
        }
        Self {
            tail: format!("\r\n--{boundary}--\r\n"),
            heads,
            values: parts.iter().map(|part| part.bytes).collect(),
            boundary,
        }
    }

    /// The value of `content-type`.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The body, for [`Request::body`](super::Request::body).
    pub fn pieces(&self) -> Vec<&[u8]> {
        let mut pieces = Vec::with_capacity(self.values.len() * 2 + 1);
        for (head, value) in self.heads.iter().zip(&self.values) {
            pieces.push(head.as_bytes());
            pieces.push(value);
        }
        pieces.push(self.tail.as_bytes());
        pieces
    }
}

/// As HTML says it (multipart form data, encoding algorithm).
fn quoted(text: &str) -> String {
    text.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Random for Fixed {
        fn random_u64(&self) -> u64 {
            7
        }
    }

    #[test]
    fn fields_and_files_are_written() {
        let parts = [
            Part {
                name: "prompt",
                file: None,
                bytes: "f\u{f6}x".as_bytes(),
            },
            Part {
                name: "image[]",
                file: Some(("a\"\r\nb.png", "image/png")),
                bytes: b"\x89PNG",
            },
        ];
        let form = Form::new(&parts, &Fixed);
        let text = form.pieces().concat();
        let boundary = "00000000000000070000000000000007";
        assert_eq!(
            String::from_utf8_lossy(&text),
            format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\nf\u{f6}x\r\n\
                 --{boundary}\r\ncontent-disposition: form-data; name=\"image[]\"; filename=\"a%22%0D%0Ab.png\"\r\n\
                 content-type: image/png\r\n\r\n\u{fffd}PNG\r\n--{boundary}--\r\n"
            )
        );
        assert_eq!(
            form.content_type(),
            format!("multipart/form-data; boundary={boundary}")
        );
    }
}
