//! Messages to users, and who dismissed them.

use model::id::{NotificationId, UserId};
use model::notification::{Dismissal, Notification};
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Messages by what their authors call them (a [`String`]).
pub const NOTIFICATION_BY_IDENT: Unique<Notification> =
    Unique { name: "notification.ident", keys: |found| found.ident.iter().map(encoded).collect() };

/// The messages to one user (a [`UserId`]).
pub const NOTIFICATIONS_OF_USER: Index<Notification> = Index {
    name: "notification.user",
    keys: |found| found.user.iter().map(encoded).collect(),
    since: FIRST,
};

/// Who dismissed a message (a [`NotificationId`]).
pub const DISMISSALS_OF_NOTIFICATION: Index<Dismissal> = Index {
    name: "dismissal.notification",
    keys: |dismissal| vec![encoded(&dismissal.notification)],
    since: FIRST,
};

/// What a user dismissed (a [`UserId`]).
pub const DISMISSALS_OF_USER: Index<Dismissal> = Index {
    name: "dismissal.user",
    keys: |dismissal| vec![encoded(&dismissal.user)],
    since: FIRST,
};

impl Row for Notification {
    type Id = NotificationId;
    const TABLE: &'static str = "notification";
    const UNIQUE: &'static [Unique<Self>] = &[NOTIFICATION_BY_IDENT];
    const INDEXES: &'static [Index<Self>] = &[NOTIFICATIONS_OF_USER];

    fn id(&self) -> NotificationId {
        self.id
    }
}

impl Row for Dismissal {
    type Id = (NotificationId, UserId);
    const TABLE: &'static str = "dismissal";
    const INDEXES: &'static [Index<Self>] = &[DISMISSALS_OF_NOTIFICATION, DISMISSALS_OF_USER];

    fn id(&self) -> (NotificationId, UserId) {
        (self.notification, self.user)
    }
}
