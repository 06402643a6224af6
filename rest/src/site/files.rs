//! `files/`: what users keep, by name; and what is in a file, for everybody who knows its key.

use api::files::File;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::access::Permission;
use model::error::Kind;
use model::file::File as Stored;
use ops::site::files;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "files/";
const ONE: &str = "files/{filename}/";
const OCTETS: &str = "application/octet-stream";

/// What a path has as it is (RFC 3986 §3.3), besides letters and digits.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'@')
    .remove(b'+');

const FILENAME: Param<String> = Param::text("filename", "The file's name.");
const FILE: Param<String> =
    Param::text("file", "Its content, as a file of the form: 1 MiB at most.");
const PREFIX: Param<String> = Param::text("prefix", "Only files whose names begin so.");
const KEY: Param<String> = Param::text("key", "The file's key.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("FilesHandler", ALL, |call| Box::pin(list(call)))
        .requires(Permission::ManageOwnFiles)
        .doc("List the files of the user that calls, without their contents.")
        .params(&[PREFIX.optional()]),
    Operation::post("FilesHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageOwnFiles)
        .doc("Keep a file, in place of the one of that name: 1000 files and 16 MiB at most.")
        .params(&[FILENAME.needed(), FILE.needed()]),
    Operation::get("FilesHandler", ALL, |call| Box::pin(get(call)))
        .op("get")
        .of_now()
        .requires(Permission::ManageOwnFiles)
        .doc("Read what is in a file of the user that calls.")
        .params(&[FILENAME.needed()]),
    Operation::delete("FilesHandler", ALL, |call| Box::pin(delete_named(call)))
        .requires(Permission::ManageOwnFiles)
        .doc("Delete a file of the user that calls.")
        .params(&[FILENAME.needed()]),
    Operation::get("FilesHandler", ALL, |call| Box::pin(get_by_key(call)))
        .op("get_by_key")
        .of_now()
        .doc("Read what is in the file with that key.")
        .params(&[KEY.needed()]),
    Operation::get("FilesHandler", ALL, |call| Box::pin(get_by_key(call)))
        .op("get_by_key")
        .of_now()
        .anonymous()
        .doc("Read what is in the file with that key.")
        .params(&[KEY.needed()]),
    Operation::get("FileHandler", ONE, |call| Box::pin(read(call)))
        .of_now()
        .requires(Permission::ManageOwnFiles)
        .doc("Read a file of the user that calls, with its content in base64."),
    Operation::delete("FileHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageOwnFiles)
        .doc("Delete a file of the user that calls."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let prefix = PREFIX.given(&call.params).unwrap_or_default();
    let files = files::list(&call.parts.tables, &call.actor, &prefix).await?;
    Ok(Reply::json(&files.iter().map(|file| shape(file, None)).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let missing = |what: &str| Problem::text(Kind::Invalid, format!("{what} not supplied"));
    let (filename, content) = (FILENAME.named(&call.params), FILE.file(&call.params));
    let filename = filename.ok_or_else(|| missing("Filename"))?;
    // As in MAAS: a text is no file.
    let uploaded = content.filter(|_| call.params.has_file("file"));
    let content = uploaded.ok_or_else(|| missing("File"))?;
    files::put(&call.parts.tables, &call.actor, &filename, &content).await?;
    Ok(Reply::text("").with_status(201))
}

async fn get(call: Call) -> Result<Reply, Problem> {
    let filename = FILENAME.required(&call.params)?;
    let found = files::get(&call.parts.tables, &call.actor, &filename).await;
    let (_, content) =
        found.map_err(|refusal| otherwise_missing(refusal.into(), "File not found"))?;
    Ok(Reply::bytes(OCTETS, content))
}

async fn get_by_key(call: Call) -> Result<Reply, Problem> {
    let key = KEY.required(&call.params)?;
    let content = files::get_by_key(&call.parts.tables, &call.actor, &key).await?;
    Ok(Reply::bytes(OCTETS, content))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let found = files::get(&call.parts.tables, &call.actor, call.segment("filename")).await;
    // The header tells old clients that the file is missing, and not the operation.
    let missing = |problem| {
        let problem = otherwise_missing(problem, "Not Found");
        if problem.status == 404 {
            problem.with_header("Workaround", "bug1123986")
        } else {
            problem
        }
    };
    let (file, content) = found.map_err(|refusal| missing(refusal.into()))?;
    Ok(Reply::json(&shape(&file, Some(STANDARD.encode(content)))))
}

async fn delete_named(call: Call) -> Result<Reply, Problem> {
    let filename = FILENAME.required(&call.params)?;
    files::delete(&call.parts.tables, &call.actor, &filename).await?;
    Ok(Reply::no_content())
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    files::delete(&call.parts.tables, &call.actor, call.segment("filename")).await?;
    Ok(Reply::no_content())
}

fn shape(file: &Stored, content: Option<String>) -> File {
    let name = utf8_percent_encode(&file.filename, IN_PATH);
    File::new(file, format!("/MAAS/api/2.0/files/{name}/"), content)
}

/// The same problem; where something is missing, with other words.
fn otherwise_missing(problem: Problem, message: &str) -> Problem {
    if problem.status == 404 { Problem::text(Kind::NotFound, message) } else { problem }
}
