//! `QCStatements` (RFC 3739 3.2.6, ETSI EN 319 412-5, EN 319 422 9.1).

use crate::{Asn1Error, Oid, Reader, enc, general_name, oids, tag};

/// Statements that one extension may have, and elements of one statement.
const MAX_STATEMENTS: usize = 64;

/// One statement, as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QcStatement<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// Which statement.
    pub oid: Oid,
    /// `statementInfo`, an element.
    pub info: Option<&'a [u8]>,
}

/// All statements, in the order received; duplicates stay visible.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QcStatements<'a> {
    statements: Vec<QcStatement<'a>>,
}

/// Where a PKI disclosure statement is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PdsLocation {
    /// Text from outside; never fetched on its own.
    pub url: String,
    /// ISO 639-1.
    pub language: String,
}

/// `SemanticsInformation` of `id-qcs-pkixQCSyntax-v2`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Semantics<'a> {
    /// `semanticsIdentifier`.
    pub identifier: Option<Oid>,
    /// `nameRegistrationAuthorities`, the whole element.
    pub registration_authorities: Option<&'a [u8]>,
}

impl<'a> QcStatements<'a> {
    /// Reads the extension's value.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn parse(value: &'a [u8]) -> Result<Self, Asn1Error> {
        let reader = Reader::enter_only(value, tag::SEQUENCE, "QCStatements")?;
        let mut outer = reader.clone();
        let mut statements = Vec::new();
        for tlv in reader.all(tag::SEQUENCE, MAX_STATEMENTS)? {
            outer.next()?;
            let mut inner = outer.inside(tlv, "QCStatement");
            let oid = inner.oid("statementId")?;
            let info = if inner.is_empty() { None } else { Some(inner.next()?.raw) };
            inner.finish()?;
            statements.push(QcStatement { raw: tlv.raw, oid, info });
        }
        Ok(Self { statements })
    }

    /// The statements, in the order received.
    pub fn iter(&self) -> std::slice::Iter<'_, QcStatement<'a>> {
        self.statements.iter()
    }

    /// The first statement of one kind.
    #[must_use]
    pub fn find(&self, oid: &Oid) -> Option<&QcStatement<'a>> {
        self.statements.iter().find(|statement| statement.oid == *oid)
    }

    /// The types in `QcType`; empty without that statement.
    ///
    /// # Errors
    /// Another syntax.
    pub fn types(&self) -> Result<Vec<Oid>, Asn1Error> {
        let Some(mut reader) = self.list(&oids::QC_TYPE, "QcType")? else { return Ok(Vec::new()) };
        let mut types = Vec::new();
        while !reader.is_empty() && types.len() < MAX_STATEMENTS {
            types.push(reader.oid("QcType")?);
        }
        reader.finish()?;
        Ok(types)
    }

    /// The countries in `QcCClegislation`; empty without that statement.
    ///
    /// # Errors
    /// Another syntax.
    pub fn legislations(&self) -> Result<Vec<String>, Asn1Error> {
        let Some(mut reader) = self.list(&oids::QC_CC_LEGISLATION, "QcCClegislation")? else { return Ok(Vec::new()) };
        let mut countries = Vec::new();
        while !reader.is_empty() && countries.len() < MAX_STATEMENTS {
            countries.push(text(&mut reader, tag::PRINTABLE_STRING, "CountryName")?);
        }
        reader.finish()?;
        Ok(countries)
    }

    /// The places in `QcPDS`; empty without that statement.
    ///
    /// # Errors
    /// Another syntax.
    pub fn disclosure_statements(&self) -> Result<Vec<PdsLocation>, Asn1Error> {
        let Some(mut reader) = self.list(&oids::QC_PDS, "QcPDS")? else { return Ok(Vec::new()) };
        let mut locations = Vec::new();
        while !reader.is_empty() && locations.len() < MAX_STATEMENTS {
            let mut inner = reader.enter(tag::SEQUENCE, "PdsLocation")?;
            let url = text(&mut inner, tag::IA5_STRING, "url")?;
            let language = text(&mut inner, tag::PRINTABLE_STRING, "language")?;
            inner.finish()?;
            locations.push(PdsLocation { url, language });
        }
        reader.finish()?;
        Ok(locations)
    }

    /// What `id-qcs-pkixQCSyntax-v2` says about the subject's identifiers.
    ///
    /// # Errors
    /// Another syntax.
    pub fn semantics(&self) -> Result<Option<Semantics<'a>>, Asn1Error> {
        let Some(mut reader) = self.list(&oids::QCS_PKIX_SYNTAX_V2, "SemanticsInformation")? else { return Ok(None) };
        let identifier =
            if reader.peek_tag() == Some(tag::OID) { Some(reader.oid("semanticsIdentifier")?) } else { None };
        let registration_authorities = match reader.optional(tag::SEQUENCE, "nameRegistrationAuthorities")? {
            Some(tlv) => {
                general_name::read_all(reader.inside(tlv, "nameRegistrationAuthorities"))?;
                Some(tlv.raw)
            }
            None => None,
        };
        reader.finish()?;
        Ok(Some(Semantics { identifier, registration_authorities }))
    }

    fn list(&self, oid: &Oid, field: &'static str) -> Result<Option<Reader<'a>>, Asn1Error> {
        let Some(statement) = self.find(oid) else { return Ok(None) };
        Reader::enter_only(statement.info.unwrap_or_default(), tag::SEQUENCE, field).map(Some)
    }
}

impl<'a, 's> IntoIterator for &'s QcStatements<'a> {
    type Item = &'s QcStatement<'a>;
    type IntoIter = std::slice::Iter<'s, QcStatement<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn text(reader: &mut Reader<'_>, tag: u8, field: &'static str) -> Result<String, Asn1Error> {
    let at = reader.place(field);
    let value = reader.expect(tag, field)?.value;
    if value.is_ascii() {
        Ok(value.iter().copied().map(char::from).collect())
    } else {
        Err(Asn1Error::TextMalformed { at })
    }
}

/// A statement: its identifier, and its information if it has any.
#[must_use]
pub fn encode_statement(oid: &Oid, info: Option<&[u8]>) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid), info.unwrap_or_default()])
}

/// `QCStatements` of encoded statements: the extension's value.
#[must_use]
pub fn encode(statements: &[&[u8]]) -> Vec<u8> {
    enc::sequence(statements)
}

/// `QcType` with one type.
#[must_use]
pub fn encode_type(oid: &Oid) -> Vec<u8> {
    encode_statement(&oids::QC_TYPE, Some(&enc::sequence(&[&enc::oid(oid)])))
}

/// `QcCClegislation` of countries outside the EU, two letters each.
#[must_use]
pub fn encode_legislation(countries: &[&str]) -> Vec<u8> {
    let countries: Vec<u8> = countries.iter().flat_map(|country| enc::printable_string(country)).collect();
    encode_statement(&oids::QC_CC_LEGISLATION, Some(&enc::sequence(&[&countries])))
}

/// `QcPDS`.
#[must_use]
pub fn encode_disclosure_statements(locations: &[PdsLocation]) -> Vec<u8> {
    let locations: Vec<u8> = locations
        .iter()
        .flat_map(|location| {
            enc::sequence(&[&enc::ia5_string(&location.url), &enc::printable_string(&location.language)])
        })
        .collect();
    encode_statement(&oids::QC_PDS, Some(&enc::sequence(&[&locations])))
}

/// The claim that a token is a qualified electronic time-stamp: the value of the token's extension (TSP-53, TSP-54).
#[must_use]
pub fn qualified_timestamp() -> Vec<u8> {
    encode(&[&encode_statement(&oids::QTST_STATEMENT, None)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_octets_of_tsp_54() {
        assert_eq!(hex::encode(qualified_timestamp()), "300b30090607040081975e0101");
    }

    #[test]
    fn reads_what_it_writes() {
        let pds = PdsLocation { url: "https://example.com/pds".into(), language: "en".into() };
        let value = encode(&[
            &encode_statement(&oids::QC_COMPLIANCE, None),
            &encode_type(&oids::QC_TYPE_ESEAL),
            &encode_legislation(&["JP"]),
            &encode_disclosure_statements(std::slice::from_ref(&pds)),
        ]);
        let statements = QcStatements::parse(&value).unwrap();
        assert_eq!(statements.iter().count(), 4);
        assert_eq!(statements.find(&oids::QC_COMPLIANCE).unwrap().info, None);
        assert_eq!(statements.types().unwrap(), [oids::QC_TYPE_ESEAL]);
        assert_eq!(statements.legislations().unwrap(), ["JP"]);
        assert_eq!(statements.disclosure_statements().unwrap(), [pds]);
        assert_eq!(statements.semantics().unwrap(), None);
    }
}
