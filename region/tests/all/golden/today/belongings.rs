//! What belongs to users besides their SSH keys (files, certificates, messages), and where software comes from.

use model::boot::source::{BootSource, BootSourceSelection};
use model::file::{File, FileContent};
use model::id::{
    BootSourceId, BootSourceSelectionId, FileId, NotificationId, PackageRepositoryId, SslKeyId,
    UserId,
};
use model::license_key::LicenseKey;
use model::notification::{Category, Dismissal, Notification};
use model::package_repository::PackageRepository;
use model::ssl_key::SslKey;
use serde_json::json;

use super::{Written, at, row, text};

pub(super) fn rows() -> Vec<Written> {
    [files(), notifications(), sources()].into_iter().flatten().collect()
}

fn files() -> Vec<Written> {
    let file = File {
        id: FileId(7),
        owner: UserId(2),
        filename: text("provider/state"),
        key: text("6b0d8c2e-0001-4002-8003-000000000004").into(),
        size_bytes: 7,
        created: at(1),
        updated: at(2),
    };
    let content = FileContent { id: FileId(7), base64: text("Y29udGVudA==").into() };
    let certificate = SslKey {
        id: SslKeyId(8),
        user: UserId(2),
        certificate: text("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----"),
        created: at(3),
    };
    vec![row("file", file), row("content of a file", content), row("SSL key", certificate)]
}

fn notifications() -> Vec<Written> {
    let context = json!({ "name": "w", "disks": [1, null, {}] });
    let full = Notification {
        id: NotificationId(9),
        ident: Some(text("full-disk")),
        user: Some(UserId(2)),
        users: true,
        admins: true,
        message: text("{name} is full"),
        context: context.as_object().expect("an object").clone(),
        category: Category::Error,
        dismissable: false,
        created: at(4),
        updated: at(5),
    };
    let of = |id, category| Notification {
        id: NotificationId(id),
        ident: None,
        user: None,
        users: false,
        admins: false,
        context: serde_json::Map::new(),
        category,
        dismissable: true,
        ..full.clone()
    };
    let dismissal = Dismissal { notification: NotificationId(9), user: UserId(2) };
    vec![
        row("notification for nobody", of(10, Category::Warning)),
        row("notification of success", of(11, Category::Success)),
        row("notification of something", of(12, Category::Info)),
        row("dismissal", dismissal),
        row("notification with everything", full),
    ]
}

fn sources() -> Vec<Written> {
    let words = |words: &[&str]| words.iter().map(|word| text(word)).collect();
    let repository = PackageRepository {
        id: PackageRepositoryId(13),
        name: text("tools"),
        url: text("http://repo.example.com/apt"),
        distributions: words(&["jammy"]),
        disabled_pockets: words(&["backports"]),
        disabled_components: words(&["universe"]),
        disable_sources: true,
        components: words(&["main"]),
        arches: words(&["amd64"]),
        signing: text("a key"),
        enabled: true,
        created: at(6),
    };
    let license_key = LicenseKey {
        osystem: text("windows"),
        distro_series: text("win2022"),
        license_key: text("AB123-CD456-EF789-GH012-IJ345").into(),
    };
    let source = BootSource {
        id: BootSourceId(14),
        url: text("http://images.example.com/"),
        keyring_filename: text("/usr/share/keyrings/x.gpg"),
        keyring_base64: text("a2V5"),
        created: at(7),
        updated: at(8),
    };
    let selection = BootSourceSelection {
        id: BootSourceSelectionId(15),
        source: BootSourceId(14),
        os: text("ubuntu"),
        release: text("jammy"),
        arches: words(&["amd64"]),
        subarches: words(&["*"]),
        labels: words(&["stable"]),
    };
    vec![
        row("package repository", repository),
        row("licence key", license_key),
        row("boot source", source),
        row("selection of a boot source", selection),
    ]
}
