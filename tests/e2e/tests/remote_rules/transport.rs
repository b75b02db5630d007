//! How a credential travels, and everything around it that must not count as one (rows 23 to 31),
//! with tokens of the provider and with our own.

use e2e::caller::list_tools_request;
use e2e::raw::{Raw, exchange, status};
use e2e::settings::BASE_URL;
use reqwest::Method;

use super::Setting;

#[tokio::test]
async fn a_credential_has_one_reading() {
    for mut setting in Setting::both().await {
        let good = setting.good.clone();
        let anonymous = || setting.server.as_anonymous();
        let bearer = format!("Bearer {good}");
        let malformed = [
            (
                "23 two fields",
                anonymous()
                    .with_header("authorization", &bearer)
                    .with_header("authorization", &bearer),
            ),
            (
                "23 two fields, one other",
                anonymous()
                    .with_header("authorization", "Basic YTpi")
                    .with_header("authorization", &bearer),
            ),
            (
                "23 comma-joined",
                anonymous().with_header("authorization", &format!("{bearer}, {bearer}")),
            ),
            (
                "23 tab",
                anonymous().with_header("authorization", &format!("Bearer\t{good}")),
            ),
            (
                "23 two spaces",
                anonymous().with_header("authorization", &format!("bearer  {good}")),
            ),
            (
                "23 non-ascii",
                anonymous().with_header("authorization", &format!("{bearer}\u{e9}")),
            ),
            (
                "23 no token",
                anonymous().with_header("authorization", "Bearer"),
            ),
            (
                "24 query",
                anonymous().at(&format!("/mcp?access_token={good}")),
            ),
            (
                "24 query and field",
                anonymous()
                    .with_header("authorization", &bearer)
                    .at("/mcp?access_token=x"),
            ),
            (
                "24 query, escaped",
                anonymous().at(&format!("/mcp?a=b&%61ccess_token={good}")),
            ),
        ];
        let ignored = [
            (
                "23 basic",
                anonymous().with_header("authorization", "Basic YTpi"),
            ),
            (
                "24 cookie",
                anonymous().with_header("cookie", &format!("access_token={good}")),
            ),
            (
                "24 proxy field",
                anonymous().with_header("x-forwarded-access-token", &good),
            ),
            (
                "24 other proxy field",
                anonymous().with_header("x-auth-request-access-token", &bearer),
            ),
            (
                "25 subject",
                anonymous()
                    .with_header("x-mcp-subject", "alice")
                    .with_header("x-forwarded-user", "alice"),
            ),
            (
                "25 certificate",
                anonymous().with_header("x-forwarded-client-cert", "Hash=1;Subject=\"CN=alice\""),
            ),
        ];
        let upper_case = anonymous().with_header("authorization", &format!("BEARER {good}"));
        for (row, caller) in malformed {
            setting
                .refuses_caller(row, &caller, (400, "invalid_request"))
                .await;
        }
        for (row, caller) in ignored {
            setting
                .refuses_caller(row, &caller, (401, "invalid_token"))
                .await;
        }
        setting
            .accepts_caller("23 the scheme has no case", &upper_case)
            .await;
        setting.finish();
    }
}

#[tokio::test]
async fn a_head_that_is_no_head_is_refused() {
    for setting in Setting::both().await {
        let good = setting.good.clone();
        for (row, fields) in [
            ("23 folded", format!("Authorization: Bearer\r\n {good}\r\n")),
            ("23 nul", format!("Authorization: Bearer {good}\0\r\n")),
            (
                "23 bare cr",
                format!("Authorization: Bearer {good}\rX: y\r\n"),
            ),
            (
                "23 space before colon",
                format!("Authorization : Bearer {good}\r\n"),
            ),
            (
                "27 te and cl",
                format!("Authorization: Bearer {good}\r\nTransfer-Encoding: chunked\r\n"),
            ),
            (
                "27 two lengths",
                format!("Authorization: Bearer {good}\r\nContent-Length: 7\r\n"),
            ),
            (
                "27 obscured te",
                format!("Authorization: Bearer {good}\r\nTransfer-Encoding: xchunked\r\n"),
            ),
            (
                "27 te after a space",
                format!("Authorization: Bearer {good}\r\nTransfer-Encoding : chunked\r\n"),
            ),
            (
                "27 te twice",
                format!(
                    "Authorization: Bearer {good}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"
                ),
            ),
        ] {
            let answer = exchange(
                setting.server.address(),
                list_tools_request("/mcp", &fields).as_bytes(),
            )
            .await;
            assert!(
                matches!(status(&answer), None | Some(400 | 401)),
                "{row}: {answer}"
            );
            assert_eq!(
                answer.matches("HTTP/1.1 ").count() + usize::from(answer.is_empty()),
                1,
                "{row}: {answer}"
            );
        }
        let plain = list_tools_request("/mcp", &format!("Authorization: Bearer {good}\r\n"));
        assert_eq!(
            status(&exchange(setting.server.address(), plain.as_bytes()).await),
            Some(200),
            "the plain request works"
        );
        setting.finish();
    }
}

/// Two requests behind one another, where the first one's length is in doubt: the second must
/// never be answered.
#[tokio::test]
async fn no_request_hides_in_another() {
    for setting in Setting::both().await {
        let hidden = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        for (row, head) in [
            (
                "27 cl.te",
                format!(
                    "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    hidden.len() + 5
                ),
            ),
            (
                "27 te.cl",
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n".to_owned(),
            ),
            (
                "27 cl.cl",
                format!(
                    "Content-Length: 0\r\nContent-Length: {}\r\n\r\n",
                    hidden.len()
                ),
            ),
            ("27 negative", "Content-Length: -1\r\n\r\n".to_owned()),
            ("27 plus", "Content-Length: +0\r\n\r\n".to_owned()),
            (
                "27 bad chunk",
                "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n".to_owned(),
            ),
        ] {
            let mut connection = Raw::connect(setting.server.address()).await;
            connection
                .send(format!("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}{hidden}").as_bytes())
                .await;
            let answer = connection.rest().await;
            assert!(
                !answer.contains("\"status\":\"ok\""),
                "{row}: the hidden request was answered: {answer}"
            );
        }
        setting.finish();
    }
}

#[tokio::test]
async fn spoofed_names_change_nothing() {
    for setting in Setting::both().await {
        let document = "/.well-known/oauth-protected-resource/mcp";
        let expected = setting.server.as_anonymous().get(document).await.json();
        assert_eq!(expected["resource"], format!("{BASE_URL}/mcp"));
        for (name, value) in [
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-prefix", "/evil"),
            ("forwarded", "host=evil.example;proto=http"),
            ("x-original-url", "/evil"),
            ("x-rewrite-url", "/evil"),
        ] {
            let caller = setting.server.as_anonymous().with_header(name, value);
            assert_eq!(caller.get(document).await.json(), expected, "26 {name}");
            let reply = caller.list_tools().await;
            assert!(
                reply
                    .challenge()
                    .get("resource_metadata")
                    .unwrap()
                    .starts_with(BASE_URL),
                "26 {name}"
            );
        }
        let reply = setting
            .server
            .as_anonymous()
            .with_header("host", "evil.example")
            .get(document)
            .await;
        assert_eq!(reply.status, 421, "26 host");
        setting.finish();
    }
}

#[tokio::test]
async fn large_heads_cost_nothing() {
    for mut setting in Setting::both().await {
        let good = setting.good.clone();
        setting
            .refuses("28 8 KiB + 1", &"x".repeat(8 * 1024 + 1))
            .await;
        for size in [64 << 10, 1 << 20, 10 << 20] {
            let request = list_tools_request(
                "/mcp",
                &format!("Authorization: Bearer {}\r\n", "x".repeat(size)),
            );
            assert_eq!(
                status(&exchange(setting.server.address(), request.as_bytes()).await),
                Some(431),
                "28 {size} bytes"
            );
        }
        let many: String = (0..1_000)
            .map(|number| format!("X-{number}: y\r\n"))
            .collect();
        let request =
            list_tools_request("/mcp", &format!("Authorization: Bearer {good}\r\n{many}"));
        assert_eq!(
            status(&exchange(setting.server.address(), request.as_bytes()).await),
            Some(431),
            "28 1 000 fields"
        );
        setting.finish();
    }
}

/// The routes of the policy take next to no body; a length that says so is enough.
#[tokio::test]
async fn the_policy_takes_no_load() {
    for setting in Setting::both().await {
        let path = "/.well-known/oauth-protected-resource/mcp";
        for size in [(64 << 10) + 1, 10 << 20, u64::MAX / 2] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n"
            );
            let mut connection = Raw::connect(setting.server.address()).await;
            connection.send(head.as_bytes()).await;
            assert_eq!(
                status(&connection.head().await),
                Some(413),
                "29 {size} bytes"
            );
        }
        setting.finish();
    }
}

#[tokio::test]
async fn no_spelling_of_the_path_goes_around() {
    for setting in Setting::both().await {
        for path in [
            "/mcp/",
            "//mcp",
            "/mcp%2f",
            "/MCP",
            "/./mcp",
            "/x/../mcp",
            "/vault/..;/mcp",
            "/%6dcp",
            "/mcp;a=b",
            "/mcp//",
            "\\mcp",
            "/mcp\\",
            "/.well-known/../mcp",
            "/.well-known/oauth-protected-resource/mcp/client-registration",
            "/healthz/../mcp",
            "/mcp?",
            "/mcp?x=/healthz",
            "http://127.0.0.1/mcp",
            "*",
            "/mcp%00",
            "/mcp%20",
        ] {
            let answer = exchange(
                setting.server.address(),
                list_tools_request(path, "").as_bytes(),
            )
            .await;
            assert!(
                matches!(status(&answer), Some(400 | 401 | 404 | 405 | 421)),
                "30 {path}: {answer}"
            );
            assert!(
                !answer.contains("inputSchema"),
                "30 {path}: the tools answered"
            );
        }
        setting.finish();
    }
}

#[tokio::test]
async fn every_method_needs_the_token() {
    for mut setting in Setting::both().await {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::DELETE,
            Method::PUT,
            Method::PATCH,
            Method::OPTIONS,
            Method::POST,
        ] {
            let reply = setting
                .server
                .as_anonymous()
                .send(method.clone(), "/mcp", "")
                .await;
            assert_eq!(reply.status, 401, "31 {method}: {reply:?}");
            reply.challenge();
        }
        let good = setting.good.clone();
        for method in [Method::GET, Method::DELETE] {
            let reply = setting
                .server
                .as_bearer(&good)
                .send(method.clone(), "/mcp", "")
                .await;
            assert_eq!(reply.status, 405, "31 {method} with a token");
        }
        setting.accepts("31 post with a token", &good).await;
        setting.finish();
    }
}
