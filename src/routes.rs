//! Every path that the Worker answers, and with what: the one table that the router, the
//! log, the metrics and the tests of the OpenAPI document read.

use Action::*;

/// What answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Whether the Worker runs.
    Health,
    /// Whether the Worker can do its work.
    Ready,
    /// The description of all this.
    OpenApi,
    /// Counts and latencies, for Prometheus.
    Metrics,
    /// A SCIM request, which the core routes on.
    Scim,
    /// All tenants.
    ListTenants,
    /// A new tenant and its first token.
    CreateTenant,
    /// One tenant.
    ShowTenant,
    /// A tenant's settings, or whether it rests.
    ChangeTenant,
    /// The second step of a deletion.
    DeleteTenant,
    /// The erasure of a person, also of one who was deleted.
    EraseResource,
    /// A tenant's tokens.
    ListTokens,
    /// A new token.
    CreateToken,
    /// The end of a token.
    RevokeToken,
    /// An access token for an OAuth client.
    Grant,
    /// A tenant's OAuth clients.
    ListClients,
    /// A new client.
    CreateClient,
    /// The end of a client.
    RevokeClient,
    /// Whose tokens a tenant takes.
    ListIssuers,
    /// The same, said anew.
    SetIssuers,
    /// A tenant's own schemas and resource types.
    ShowSchemas,
    /// The same, said anew.
    SetSchemas,
    /// The end of them.
    DeleteSchemas,
    /// The audit trail.
    Journal,
    /// Where changes are told to.
    ListStreams,
    /// A new stream.
    CreateStream,
    /// One stream.
    ShowStream,
    /// The end of a stream.
    DeleteStream,
    /// Events that could not be told.
    DeadLetters,
    /// The same, told again.
    Resend,
    /// A new key for events.
    RotateKey,
    /// The public keys of a tenant's events.
    Jwks,
    /// A receiver asks for events.
    Poll,
    /// The copy, made anew.
    Republish,
    /// A backup of the tenant.
    Export,
    /// A backup read into an empty tenant.
    Import,
    /// The end of an import that is under way.
    StopImport,
    /// A plan against the tenant's directory.
    Plan,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path; a segment in braces stands for any value.
    pub path: &'static str,
    /// What answers.
    pub action: Action,
}

const fn route(method: &'static str, path: &'static str, action: Action) -> Route {
    Route { method, path, action }
}

/// All of them, except those below the SCIM base.
pub const ROUTES: &[Route] = &[
    route("GET", "/healthz", Health),
    route("GET", "/readyz", Ready),
    route("GET", "/openapi.json", OpenApi),
    route("GET", "/metrics", Metrics),
    route("POST", "/oauth/token", Grant),
    route("GET", "/admin/tenants", ListTenants),
    route("POST", "/admin/tenants", CreateTenant),
    route("GET", "/admin/tenants/{tenant}", ShowTenant),
    route("PATCH", "/admin/tenants/{tenant}", ChangeTenant),
    route("DELETE", "/admin/tenants/{tenant}", DeleteTenant),
    route("POST", "/admin/tenants/{tenant}/erase", EraseResource),
    route("GET", "/admin/tenants/{tenant}/tokens", ListTokens),
    route("POST", "/admin/tenants/{tenant}/tokens", CreateToken),
    route("POST", "/admin/tenants/{tenant}/tokens/revoke", RevokeToken),
    route("GET", "/admin/tenants/{tenant}/clients", ListClients),
    route("POST", "/admin/tenants/{tenant}/clients", CreateClient),
    route("POST", "/admin/tenants/{tenant}/clients/revoke", RevokeClient),
    route("GET", "/admin/tenants/{tenant}/issuers", ListIssuers),
    route("PUT", "/admin/tenants/{tenant}/issuers", SetIssuers),
    route("GET", "/admin/tenants/{tenant}/schemas", ShowSchemas),
    route("PUT", "/admin/tenants/{tenant}/schemas", SetSchemas),
    route("DELETE", "/admin/tenants/{tenant}/schemas", DeleteSchemas),
    route("GET", "/admin/tenants/{tenant}/journal", Journal),
    route("GET", "/admin/tenants/{tenant}/streams", ListStreams),
    route("POST", "/admin/tenants/{tenant}/streams", CreateStream),
    route("GET", "/admin/tenants/{tenant}/streams/{stream}", ShowStream),
    route("DELETE", "/admin/tenants/{tenant}/streams/{stream}", DeleteStream),
    route("GET", "/admin/tenants/{tenant}/streams/{stream}/dead-letters", DeadLetters),
    route("POST", "/admin/tenants/{tenant}/streams/{stream}/dead-letters/resend", Resend),
    route("POST", "/admin/tenants/{tenant}/keys/rotate", RotateKey),
    route("GET", "/tenants/{tenant}/jwks.json", Jwks),
    route("POST", "/events/poll", Poll),
    route("POST", "/admin/tenants/{tenant}/republish", Republish),
    route("GET", "/admin/tenants/{tenant}/export", Export),
    route("POST", "/admin/tenants/{tenant}/import", Import),
    route("DELETE", "/admin/tenants/{tenant}/import", StopImport),
    route("POST", "/admin/tenants/{tenant}/plan", Plan),
];

/// The SCIM base (RFC 7644 §3.2).
pub const SCIM: &str = "/scim/v2";

/// How the log and the metrics name what was asked below the SCIM base; the core routes
/// by itself, as a tenant's own schemas decide which types there are.
pub const SCIM_PATHS: &[&str] = &[
    "/scim/v2",
    "/scim/v2/ServiceProviderConfig",
    "/scim/v2/ResourceTypes",
    "/scim/v2/ResourceTypes/{id}",
    "/scim/v2/Schemas",
    "/scim/v2/Schemas/{id}",
    "/scim/v2/Me",
    "/scim/v2/Bulk",
    "/scim/v2/.search",
    "/scim/v2/Users",
    "/scim/v2/Users/.search",
    "/scim/v2/Users/{id}",
    "/scim/v2/Groups",
    "/scim/v2/Groups/.search",
    "/scim/v2/Groups/{id}",
    "/scim/v2/{endpoint}",
    "/scim/v2/{endpoint}/.search",
    "/scim/v2/{endpoint}/{id}",
];

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// An action, the route's own path (which names nobody), and what stands for its braces.
    Route(Action, &'static str, Vec<&'a str>),
    /// The path is there, for other methods: their names, as `Allow` lists them.
    OtherMethods(String),
    /// Nothing is there.
    Nothing,
}

/// Finds what answers; the path must be in its normal form
/// ([`normal`](crate::scim::http::normal)).
pub fn find<'a>(method: &str, path: &'a str) -> Found<'a> {
    if path == SCIM || path.strip_prefix(SCIM).is_some_and(|rest| rest.starts_with('/')) {
        let known = SCIM_PATHS.iter().find(|known| values(known, path).is_some());
        return Found::Route(Scim, known.copied().unwrap_or(SCIM), Vec::new());
    }
    let method = if method == "HEAD" { "GET" } else { method };
    let mut methods = Vec::new();
    for route in ROUTES {
        if let Some(values) = values(route.path, path) {
            if route.method == method {
                return Found::Route(route.action, route.path, values);
            }
            methods.push(route.method);
        }
    }
    if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods.join(", ")) }
}

/// What stands for the braces of a template, or nothing if the path is another.
fn values<'a>(template: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut values = Vec::new();
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => values.push(value),
            (Some(name), Some(value)) if name == value => {}
            _ => return None,
        }
    }
}
