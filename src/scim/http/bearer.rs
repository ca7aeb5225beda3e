//! The one reader of `Authorization: Bearer …` (RFC 9110 §11.6.2, RFC 6750 §2.1).

use crate::scim::error::ScimError;

/// What an `Authorization` header carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer<'a> {
    /// The token; never empty, and without blanks and commas.
    pub token: &'a str,
    /// How the header was written.
    pub form: BearerForm,
}

/// How a token was sent; the log tells what is not [`BearerForm::Plain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerForm {
    /// `Bearer TOKEN`, the word in any case.
    Plain,
    /// `TOKEN`: some directories send what was typed into their field as the whole header.
    Bare,
    /// `Bearer Bearer TOKEN`: the word was typed into a field that adds it.
    Twice,
}

impl BearerForm {
    /// How the log calls it; nothing for the plain form.
    pub const fn told(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bare => Some("without `Bearer`"),
            Self::Twice => Some("`Bearer` twice"),
        }
    }
}

/// Reads the header; `header` holds all of its lines, joined by commas.
///
/// ```
/// use provisor::scim::http::bearer;
/// assert_eq!(bearer(Some("bearer abc")).unwrap().token, "abc");
/// ```
///
/// # Errors
/// 401 where there is no token or another scheme, 400 for more than one header.
pub fn bearer(header: Option<&str>) -> Result<Bearer<'_>, ScimError> {
    let words = header.unwrap_or_default().split([' ', '\t']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let schemes = words.iter().take_while(|word| word.eq_ignore_ascii_case("bearer")).count();
    let (form, token) = match (schemes, words.get(schemes..).unwrap_or_default()) {
        (_, []) => return Err(ScimError::new(401, "send the token: `Authorization: Bearer …`")),
        (0, [scheme, _, ..]) if !scheme.contains(',') => return Err(other(scheme)),
        (0, [token]) => (BearerForm::Bare, *token),
        (1, [token]) => (BearerForm::Plain, *token),
        (2, [token]) => (BearerForm::Twice, *token),
        (_, rest) if rest.iter().any(|word| word.contains(',')) => return Err(repeated()),
        _ => {
            let detail = "there is more than a token after `Bearer`; check that it was pasted whole";
            return Err(ScimError::new(401, detail));
        }
    };
    if token.contains(',') {
        return Err(repeated());
    }
    Ok(Bearer { token, form })
}

fn repeated() -> ScimError {
    ScimError::new(400, "there is more than one `Authorization`; send one")
}

/// The word is told only if it can be no part of a secret.
fn other(scheme: &str) -> ScimError {
    let is_name = scheme.len() <= 16 && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    let named = if is_name { format!("`{scheme}`") } else { "the scheme of `Authorization`".to_owned() };
    ScimError::new(401, format!("{named} is not supported; send `Authorization: Bearer …`"))
}
