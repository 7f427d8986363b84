//! The files of a message: images, videos and sounds are shown, all have a link. Their contents are beside the page.

use shared::{
    file::{ImageSize, MessageFile, size_text},
    id::Seq,
};

use super::html::Html;
use crate::jobs::data_export::files::{archive_path, archive_url};

pub fn append_files(html: &mut Html, seq: Seq, files: &[MessageFile]) {
    if files.is_empty() {
        return;
    }
    html.markup("<ul class=\"files\">");
    for (index, file) in files.iter().enumerate() {
        let url = archive_url(&archive_path(seq, index, &file.name));
        html.markup("<li>");
        append_media(html, file, &url);
        html.markup("<a href=\"").text(&url).markup("\"><bdi>").text(&file.name).markup("</bdi></a>");
        html.markup(" <span class=\"note\">").text(&size_text(file.size)).markup("</span></li>");
    }
    html.markup("</ul>");
}

fn append_media(html: &mut Html, MessageFile { media_type, image, name, .. }: &MessageFile, url: &str) {
    if let Some(ImageSize { width, height }) = image {
        html.markup("<a href=\"").text(url).markup("\"><img loading=\"lazy\" src=\"").text(url);
        html.markup("\" alt=\"").text(name).markup("\" width=\"").value(width);
        html.markup("\" height=\"").value(height).markup("\"></a>");
    } else if media_type.starts_with("video/") {
        html.markup("<video controls preload=\"metadata\" src=\"").text(url).markup("\"></video>");
    } else if media_type.starts_with("audio/") {
        html.markup("<audio controls preload=\"none\" src=\"").text(url).markup("\"></audio>");
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn files_are_shown_by_their_type() {
        let file = |name: &str, media_type: &str, image| MessageFile {
            id: Uuid::nil(),
            name: name.to_owned(),
            size: 3_450_000,
            media_type: media_type.to_owned(),
            image,
        };
        let image = Some(ImageSize { width: 4, height: 3 });
        let files = [
            file("a \"b\".png", "image/png", image),
            file("c.mp4", "video/mp4", None),
            file("d.mp3", "audio/mpeg", None),
            file("e.html", "text/html", None),
        ];
        let mut html = Html::default();
        append_files(&mut html, Seq::new(7), &files);
        let html = String::from_utf8(html.into_bytes()).unwrap();
        for part in [
            "<a href=\"files/7-1-a%20_b_.png\"><img loading=\"lazy\" src=\"files/7-1-a%20_b_.png\" \
             alt=\"a &quot;b&quot;.png\" width=\"4\" height=\"3\"></a>",
            "<video controls preload=\"metadata\" src=\"files/7-2-c.mp4\"></video>",
            "<audio controls preload=\"none\" src=\"files/7-3-d.mp3\"></audio>",
            "<li><a href=\"files/7-4-e.html\"><bdi>e.html</bdi></a> <span class=\"note\">3.4 MB</span></li>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }
}
