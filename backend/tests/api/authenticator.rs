//! A device that holds passkeys, made by hand: what it says is what the standard (WebAuthn, level 3) has a browser say for it.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The person was there, and it was made sure who they are.
pub const VERIFIED: u8 = 0x05;
/// The person was there.
pub const PRESENT: u8 = 0x01;
const WITH_KEY: u8 = 0x40;

pub struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    /// How often it was used.
    pub count: u32,
    /// By what the server knows whose it is.
    handle: Vec<u8>,
    pub flags: u8,
    /// The page that asks.
    pub origin: String,
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(text: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

impl Authenticator {
    pub fn at(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let (id, origin) = (rand::random(), origin.to_owned());
        Self { key, id, count: 0, handle: Vec::new(), flags: VERIFIED, origin }
    }

    /// Makes a passkey as it was asked to.
    pub fn makes(&mut self, options: &Value) -> Value {
        self.handle = bytes(&options["user"]["id"]);
        let client = self.client_data("webauthn.create", options);
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), self.flags | WITH_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(self.id);
        data.extend(self.public_key());
        // A map of three: the format "none", no statement, and the data.
        let mut made = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        made.push(u8::try_from(data.len()).unwrap());
        made.extend(data);
        json!({
            "id": text(self.id), "rawId": text(self.id), "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": text(client), "attestationObject": text(made), "transports": [] },
        })
    }

    /// Shows the passkey as it was asked to.
    pub fn shows(&mut self, options: &Value) -> Value {
        self.count += 1;
        let client = self.client_data("webauthn.get", options);
        let data = self.data(options["rpId"].as_str().unwrap(), self.flags);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": text(self.id), "rawId": text(self.id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(client), "authenticatorData": text(data),
                "signature": text(signature), "userHandle": text(&self.handle),
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
    }

    fn data(&self, server: &str, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(server).to_vec();
        data.push(flags);
        data.extend(self.count.to_be_bytes());
        data
    }

    /// As COSE (RFC 9053) writes a key of the curve P-256.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
    }
}
