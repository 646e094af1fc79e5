//! Tokens: signed ones for each request, and opaque ones that continue a session.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use medilink_application::ports::{AccessClaims, RefreshToken, TokenIssuer};
use medilink_application::{Error, Result};
use medilink_domain::id::SessionId;
use medilink_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::secret::{SecretKey, SecretKeys};

/// Who issues the tokens and who takes them: this installation, both times.
const ISSUER: &str = "medilink";

/// The type of an access token, RFC 9068: no other token of ours is ever taken for one.
const ACCESS: &str = "at+jwt";

/// How many seconds two clocks may differ.
const LEEWAY: i64 = 5;

/// What the successors of refresh tokens are derived for.
const REFRESH: &str = "refresh";

/// Signs access tokens with HS256, and makes opaque refresh tokens.
pub struct JwtIssuer {
    keys: SecretKeys,
    header: Header,
    signing: EncodingKey,
    /// What checks the signatures of each key, by the key's name.
    checking: Vec<(String, DecodingKey)>,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    role: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

impl JwtIssuer {
    /// Makes an issuer.
    pub fn new(keys: impl Into<SecretKeys>) -> Self {
        let keys = keys.into();
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(ACCESS.to_owned());
        header.kid = Some(keys.signing().name());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // The time is held against the injected clock below, not against the system's.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let checking = |key: &SecretKey| (key.name(), DecodingKey::from_secret(key.bytes()));
        Self {
            header,
            signing: EncodingKey::from_secret(keys.signing().bytes()),
            checking: keys.valid().map(checking).collect(),
            validation,
            keys,
        }
    }
}

impl TokenIssuer for JwtIssuer {
    fn sign(&self, claims: &AccessClaims) -> Result<String> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: claims.user.as_uuid(),
            sid: claims.session.as_uuid(),
            role: claims.role.to_string(),
            iat: claims.issued_at.unix_seconds(),
            nbf: claims.issued_at.unix_seconds(),
            exp: claims.expires_at.unix_seconds(),
            jti: claims.token,
        };
        encode(&self.header, &claims, &self.signing).map_err(|error| Error::Failed(Box::new(error)))
    }

    fn session(&self, token: &str, now: Timestamp) -> Option<SessionId> {
        let name = jsonwebtoken::decode_header(token).ok()?.kid?;
        let (_, key) = self.checking.iter().find(|(of, _)| *of == name)?;
        let data = decode::<Claims>(token, key, &self.validation).ok()?;
        let now = now.unix_seconds();
        let right = data.header.typ == self.header.typ
            && data.claims.iat <= now + LEEWAY
            && data.claims.nbf <= now + LEEWAY
            && now < data.claims.exp + LEEWAY;
        right.then(|| SessionId::new(data.claims.sid))
    }

    fn refresh(&self) -> Result<RefreshToken> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| Error::Failed(Box::new(error)))?;
        Ok(refresh_token(random))
    }

    fn refresh_hash(&self, secret: &str) -> [u8; 32] {
        Sha256::digest(secret.as_bytes()).into()
    }

    fn successor(&self, secret: &str, stored: [u8; 32]) -> RefreshToken {
        let by = |key: &SecretKey| refresh_token(key.code(REFRESH, &[secret.as_bytes()]));
        let stored = self.keys.valid().map(by).find(|token| token.hash == stored);
        stored.unwrap_or_else(|| by(self.keys.signing()))
    }
}

fn refresh_token(bytes: [u8; 32]) -> RefreshToken {
    let secret = URL_SAFE_NO_PAD.encode(bytes);
    let hash = Sha256::digest(secret.as_bytes()).into();
    RefreshToken { secret, hash }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use medilink_domain::id::UserId;
    use medilink_domain::user::Role;

    use super::*;
    use crate::secret::{a_key, another_key};

    fn now() -> Timestamp {
        Timestamp::parse("2030-01-07T09:00:00Z").unwrap()
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            user: UserId::new(Uuid::from_u128(1)),
            session: SessionId::new(Uuid::from_u128(2)),
            role: Role::Doctor,
            token: Uuid::from_u128(3),
            issued_at: now(),
            expires_at: now().saturating_add(TimeDelta::minutes(15)),
        }
    }

    /// Signs any header and claims with the right key, as a forger who has found it would.
    fn forge(header: &str, claims: &str) -> String {
        let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = jsonwebtoken::crypto::sign(
            message.as_bytes(),
            &EncodingKey::from_secret(a_key().bytes()),
            Algorithm::HS256,
        );
        format!("{message}.{}", signature.unwrap())
    }

    #[test]
    fn a_token_names_its_session() {
        let issuer = JwtIssuer::new(a_key());
        let token = issuer.sign(&claims()).unwrap();

        assert_eq!(issuer.session(&token, now()), Some(claims().session));
    }

    #[test]
    fn a_token_holds_for_its_time_and_five_seconds() {
        let issuer = JwtIssuer::new(a_key());
        let token = issuer.sign(&claims()).unwrap();
        let session =
            |seconds| issuer.session(&token, now().saturating_add(TimeDelta::seconds(seconds)));

        assert!(session(15 * 60 + 4).is_some());
        assert!(session(15 * 60 + 5).is_none());
        assert!(session(-5).is_some());
        assert!(session(-6).is_none());
    }

    #[test]
    fn a_token_of_another_key_is_none() {
        let token = JwtIssuer::new(another_key()).sign(&claims()).unwrap();

        assert_eq!(JwtIssuer::new(a_key()).session(&token, now()), None);
    }

    #[test]
    fn both_keys_are_valid_while_they_are_changed_and_the_old_one_not_for_ever() {
        let before = JwtIssuer::new(a_key());
        let during = JwtIssuer::new(SecretKeys::new(another_key(), Some(a_key())));
        let after = JwtIssuer::new(another_key());
        let (old, new) = (before.sign(&claims()).unwrap(), during.sign(&claims()).unwrap());

        assert!(during.session(&old, now()).is_some());
        assert!(during.session(&new, now()).is_some());
        assert!(after.session(&new, now()).is_some());
        assert!(after.session(&old, now()).is_none());
    }

    #[test]
    fn a_refresh_token_has_one_successor_for_each_key() {
        let before = JwtIssuer::new(a_key());
        let during = JwtIssuer::new(SecretKeys::new(another_key(), Some(a_key())));
        let first = before.refresh().unwrap().secret;
        let old = before.successor(&first, [0; 32]);

        assert_eq!(before.successor(&first, [0; 32]).secret, old.secret);
        assert_eq!(before.refresh_hash(&old.secret), old.hash);
        // Unless the old key's is the one that was given out, the new key's follows.
        assert_eq!(during.successor(&first, old.hash).secret, old.secret);
        assert_ne!(during.successor(&first, [0; 32]).secret, old.secret);
    }

    #[test]
    fn every_claim_and_the_type_are_required() {
        let kid = a_key().name();
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#);
        let whole = serde_json::json!({
            "iss": "medilink", "aud": "medilink", "sub": Uuid::from_u128(1),
            "sid": Uuid::from_u128(2), "role": "doctor", "iat": now().unix_seconds(),
            "nbf": now().unix_seconds(), "exp": now().unix_seconds() + 60,
            "jti": Uuid::from_u128(3),
        });
        let issuer = JwtIssuer::new(a_key());
        assert!(issuer.session(&forge(&header, &whole.to_string()), now()).is_some());

        for claim in whole.as_object().unwrap().keys() {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(claim);
            assert_eq!(issuer.session(&forge(&header, &less.to_string()), now()), None, "{claim}");
            let mut wrong = whole.clone();
            wrong[claim] = serde_json::json!(["x"]);
            assert_eq!(issuer.session(&forge(&header, &wrong.to_string()), now()), None, "{claim}");
        }
        for header in [
            format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            r#"{"alg":"HS256","typ":"at+jwt"}"#.to_owned(),
            r#"{"alg":"none","typ":"at+jwt"}"#.to_owned(),
            format!(r#"{{"alg":"HS512","typ":"at+jwt","kid":"{kid}"}}"#),
        ] {
            assert_eq!(
                issuer.session(&forge(&header, &whole.to_string()), now()),
                None,
                "{header}"
            );
        }
    }

    #[test]
    fn what_is_no_token_is_none() {
        let issuer = JwtIssuer::new(a_key());

        for raw in ["", ".", "..", "a.b.c", "Bearer", "\u{0}", &"x".repeat(100_000)] {
            assert_eq!(issuer.session(raw, now()), None);
        }
    }

    #[test]
    fn refresh_tokens_differ_and_are_stored_as_hashes() {
        let issuer = JwtIssuer::new(a_key());
        let (one, other) = (issuer.refresh().unwrap(), issuer.refresh().unwrap());

        assert_ne!(one.secret, other.secret);
        assert_eq!(one.hash, <[u8; 32]>::from(Sha256::digest(one.secret.as_bytes())));
        assert_eq!(URL_SAFE_NO_PAD.decode(&one.secret).unwrap().len(), 32);
    }
}
