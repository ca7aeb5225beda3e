//! Asking a deployment's administrator's API.

use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

/// Where the deployment is, and who asks.
#[derive(clap::Args)]
pub(super) struct Deployment {
    /// The deployment's address.
    #[arg(long, env = "PROVISOR_URL", default_value = "http://localhost:8787", global = true)]
    url: String,
    /// A file with the administrator's token; without it the variable ADMIN_TOKEN is read.
    #[arg(long, global = true)]
    admin_token_file: Option<PathBuf>,
}

/// What the API answered.
pub(super) struct Answer {
    /// The body; null when there is none.
    pub body: Value,
    /// Where the next page begins, for the forms that are not JSON.
    pub next: Option<String>,
    /// The body as it came.
    pub text: String,
}

impl Deployment {
    fn token(&self) -> Result<String, String> {
        let token = match &self.admin_token_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?,
            None => std::env::var("ADMIN_TOKEN").unwrap_or_default(),
        };
        let token = token.trim().to_owned();
        if token.is_empty() {
            return Err("there is no administrator's token\n\
                        help: set ADMIN_TOKEN, or give --admin-token-file FILE"
                .to_owned());
        }
        Ok(token)
    }

    fn request(&self, method: &str, path: &str) -> Result<ureq::http::request::Builder, String> {
        let address = format!("{}/admin{path}", self.url.trim_end_matches('/'));
        Ok(ureq::http::Request::builder()
            .method(method)
            .uri(address)
            .header("Authorization", format!("Bearer {}", self.token()?))
            .header("Content-Type", "application/json"))
    }

    fn send(
        &self,
        request: ureq::http::Request<impl ureq::AsSendBody>,
    ) -> Result<ureq::http::Response<ureq::Body>, String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let mut response = agent.run(request).map_err(|error| {
            format!(
                "`{}` cannot be reached: {error}\nhelp: give the deployment's address with --url",
                self.url
            )
        })?;
        let status = response.status().as_u16();
        if status < 400 {
            return Ok(response);
        }
        let text = response.body_mut().read_to_string().unwrap_or_default();
        let told: Value = serde_json::from_str(&text).unwrap_or_default();
        let detail = told.get("detail").and_then(Value::as_str).unwrap_or("there is no explanation");
        let help = match status {
            401 => "\nhelp: is it the ADMIN_TOKEN of this deployment?",
            404 => "\nhelp: `provisor tenant list` shows the ids",
            _ => "",
        };
        Err(format!("{detail} ({status}){help}"))
    }

    /// Asks, and reads the whole answer.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let unfit = |error: ureq::http::Error| format!("the request cannot be written: {error}");
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = self.request(method, path)?.body(text).map_err(unfit)?;
        let mut response = self.send(request)?;
        let next =
            response.headers().get("provisor-next").and_then(|next| next.to_str().ok()).map(str::to_owned);
        let text = response
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .read_to_string()
            .map_err(|error| format!("the answer broke off: {error}"))?;
        Ok(Answer { body: serde_json::from_str(&text).unwrap_or_default(), next, text })
    }

    /// Asks, and hands the answer over as it comes.
    pub fn download(&self, path: &str) -> Result<impl Read + use<>, String> {
        let request = self.request("GET", path)?.body(()).map_err(|error| error.to_string())?;
        Ok(self.send(request)?.into_body().into_reader())
    }

    /// Sends a file as it is read.
    pub fn upload(&self, path: &str, file: std::fs::File) -> Result<Value, String> {
        let request = self.request("POST", path)?.body(file).map_err(|error| error.to_string())?;
        let mut response = self.send(request)?;
        let text = response.body_mut().read_to_string();
        let text = text.map_err(|error| format!("the answer broke off: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("the answer is no JSON: {error}"))
    }
}
