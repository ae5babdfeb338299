//! What is answered to which request.

use super::percent;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The answer to `method` on `path`, which is still percent-encoded.
pub(super) fn answer(method: &Method, path: &str) -> Response<Full<Bytes>> {
    let Some(what) = path.strip_prefix("/echo/") else {
        return refusal(StatusCode::NOT_FOUND, "there is only /echo/{what}");
    };
    if method != Method::GET {
        let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "there is only GET");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        return response;
    }
    match percent::decode(what) {
        Ok(what) => {
            let kind = if std::str::from_utf8(&what).is_ok() { TEXT } else { BYTES };
            response(StatusCode::OK, kind, what)
        }
        Err(bad) => refusal(StatusCode::BAD_REQUEST, &bad.to_string()),
    }
}

fn refusal(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    response(status, TEXT, format!("{why}\n").into())
}

fn response(status: StatusCode, kind: HeaderValue, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::answer;
    use hyper::Method;
    use hyper::header::{ALLOW, CONTENT_TYPE};

    #[test]
    fn the_status_follows_from_path_method_and_encoding() {
        let status = |method: Method, path| answer(&method, path).status().as_u16();
        assert_eq!(status(Method::GET, "/echo/hello"), 200);
        assert_eq!(status(Method::GET, "/echo/"), 200);
        assert_eq!(status(Method::GET, "/echo"), 404);
        assert_eq!(status(Method::POST, "/"), 404);
        assert_eq!(status(Method::OPTIONS, "*"), 404);
        assert_eq!(status(Method::HEAD, "/echo/hello"), 405);
        assert_eq!(status(Method::GET, "/echo/%zz"), 400);
    }

    #[test]
    fn a_refused_method_is_told_the_allowed_one() {
        assert_eq!(answer(&Method::PUT, "/echo/x").headers()[ALLOW], "GET");
    }

    #[test]
    fn what_is_no_text_is_not_called_text() {
        assert_eq!(answer(&Method::GET, "/echo/%ff").headers()[CONTENT_TYPE], "application/octet-stream");
        assert_eq!(answer(&Method::GET, "/echo/%C3%A4").headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
    }
}
