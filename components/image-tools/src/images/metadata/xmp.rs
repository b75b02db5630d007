//! An XMP packet (ISO 16684-1) with our entries and the mark of machine-made images, and our
//! entries out of one.

use render::markup::escaped;

use super::{Metadata, is_keyword};

/// The namespace of our entries.
const OURS: &str = "https://image-generation-mcp.invalid/ns/1.0/";

/// IPTC's word for images made by a model.
const MACHINE_MADE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/// A packet. An entry is a list item `keyword=text`, as keywords need not be names in XML.
pub fn written(metadata: &Metadata) -> String {
    let items: String = metadata
        .entries
        .iter()
        .map(|(keyword, text)| format!("<rdf:li>{}={}</rdf:li>", escaped(keyword), kept(text)))
        .collect();
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:imagegen=\"{OURS}\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" \
         Iptc4xmpExt:DigitalSourceType=\"{MACHINE_MADE}\"><imagegen:entries><rdf:Seq>{items}</rdf:Seq>\
         </imagegen:entries></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"
    )
}

/// Our entries; empty for packets of others.
pub fn read(packet: &str) -> Metadata {
    let mut metadata = Metadata::default();
    let ours = packet
        .split_once("<imagegen:entries>")
        .and_then(|(_, rest)| rest.split_once("</imagegen:entries>"));
    let Some((mut rest, _)) = ours else {
        return metadata;
    };
    while let Some((_, item)) = rest.split_once("<rdf:li>") {
        let Some((item, after)) = item.split_once("</rdf:li>") else {
            break;
        };
        if let Some((keyword, text)) = item.split_once('=')
            && is_keyword(keyword)
        {
            metadata.entries.push((keyword.to_owned(), plain(text)));
        }
        rest = after;
    }
    metadata
}

/// Escaped, with its line breaks.
fn kept(text: &str) -> String {
    text.split('\n')
        .map(escaped)
        .collect::<Vec<_>>()
        .join("&#10;")
}

fn plain(text: &str) -> String {
    [
        ("&#10;", "\n"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escape, letter)| {
        text.replace(escape, letter)
    })
}
