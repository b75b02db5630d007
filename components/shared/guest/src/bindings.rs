//! Generated from the WIT world `imagegen:tools/capabilities`; WASI itself comes from `wasip2`.
#![allow(missing_docs, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: [
        "../../../wit/deps/io.wit",
        "../../../wit/deps/clocks.wit",
        "../../../wit/deps/random.wit",
        "../../../wit/deps/filesystem.wit",
        "../../../wit/deps/sockets.wit",
        "../../../wit/deps/cli.wit",
        "../../../wit/deps/http.wit",
        "../../../wit/settings",
        "../../../wit/log",
        "../../../wit/store",
        "../../../wit/keys",
        "../../../wit/http",
        "../../../wit/rates",
        "../../../wit/auth",
        "../../../wit/tools",
    ],
    world: "imagegen:tools/capabilities",
    generate_all,
});
