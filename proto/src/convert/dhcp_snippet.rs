//! `DhcpSnippet` and its statements on the wire. Text, history and definitions stay in the region.

use std::net::{IpAddr, Ipv4Addr};

use model::dhcp::condition::{Bytes, Condition};
use model::dhcp::option::owned;
use model::dhcp::program::{Class, LeaseBound, Program, Statement};
use model::dhcp::snippet::{Scope, ServedSnippet};
use model::id::{DhcpSnippetId, IpRangeId, SubnetId};

use super::address::ip_from_bytes;
use super::error::{ConvertError, parse, parse_text};
use crate::rack;
use crate::rack::dhcp_bytes::Bytes as WireBytes;
use crate::rack::dhcp_condition::Condition as WireCondition;
use crate::rack::dhcp_statement::Statement as WireStatement;

const MESSAGE: &str = "DhcpSnippet";

const fn missing(message: &'static str, field: &'static str) -> ConvertError {
    ConvertError::Missing { message, field }
}

impl From<&ServedSnippet> for rack::DhcpSnippet {
    fn from(snippet: &ServedSnippet) -> Self {
        let ServedSnippet { id, scope, program: Program { statements, classes } } = snippet;
        Self {
            id: id.0,
            node: scope.node().map(ToString::to_string),
            subnet: scope.subnet().map(|subnet| subnet.0),
            iprange: scope.range().map(|range| range.0),
            statements: statements.iter().map(Into::into).collect(),
            classes: classes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<rack::DhcpSnippet> for ServedSnippet {
    type Error = ConvertError;

    fn try_from(snippet: rack::DhcpSnippet) -> Result<Self, Self::Error> {
        let scope = match (snippet.node, snippet.subnet, snippet.iprange) {
            (Some(node), _, _) => Scope::Node(parse_text(MESSAGE, "node", &node)?),
            (None, Some(subnet), Some(range)) => {
                Scope::Range { subnet: SubnetId(subnet), range: IpRangeId(range) }
            }
            (None, Some(subnet), None) => Scope::Subnet(SubnetId(subnet)),
            (None, None, Some(_)) => return Err(missing(MESSAGE, "subnet")),
            (None, None, None) => Scope::Global,
        };
        let classes =
            snippet.classes.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let program = Program { statements: said(snippet.statements)?, classes };
        Ok(Self { id: DhcpSnippetId(snippet.id), scope, program })
    }
}

fn said(statements: Vec<rack::DhcpStatement>) -> Result<Vec<Statement>, ConvertError> {
    statements.into_iter().map(TryInto::try_into).collect()
}

impl From<&Class> for rack::DhcpClass {
    fn from(class: &Class) -> Self {
        let Class { name, condition, statements } = class;
        Self {
            name: name.clone(),
            condition: Some(condition.into()),
            statements: statements.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<rack::DhcpClass> for Class {
    type Error = ConvertError;

    fn try_from(class: rack::DhcpClass) -> Result<Self, Self::Error> {
        let condition = class.condition.ok_or(missing("DhcpClass", "condition"))?;
        let statements = said(class.statements)?;
        Ok(Self { name: class.name, condition: condition.try_into()?, statements })
    }
}

impl From<&Statement> for rack::DhcpStatement {
    fn from(statement: &Statement) -> Self {
        let statement = match statement {
            Statement::Option { code, value } => WireStatement::Option(rack::DhcpOption {
                code: u32::from(*code),
                value: value.clone(),
            }),
            Statement::LeaseTime { bound, seconds } => match bound {
                LeaseBound::Default => WireStatement::DefaultLeaseSeconds(*seconds),
                LeaseBound::Max => WireStatement::MaxLeaseSeconds(*seconds),
                LeaseBound::Min => WireStatement::MinLeaseSeconds(*seconds),
            },
            Statement::NextServer(server) => WireStatement::NextServer(server.octets().to_vec()),
            Statement::BootFile(file) => WireStatement::BootFile(file.clone()),
            Statement::If { branches, otherwise } => WireStatement::If(rack::DhcpIf {
                branches: branches
                    .iter()
                    .map(|(condition, statements)| rack::DhcpBranch {
                        condition: Some(condition.into()),
                        statements: statements.iter().map(Into::into).collect(),
                    })
                    .collect(),
                otherwise: otherwise.iter().map(Into::into).collect(),
            }),
        };
        Self { statement: Some(statement) }
    }
}

impl TryFrom<rack::DhcpStatement> for Statement {
    type Error = ConvertError;

    fn try_from(statement: rack::DhcpStatement) -> Result<Self, Self::Error> {
        let lease = |bound, seconds| Self::LeaseTime { bound, seconds };
        Ok(match statement.statement.ok_or(missing("DhcpStatement", "statement"))? {
            WireStatement::Option(option) => {
                let code = code("DhcpOption", option.code)?;
                if let Some(reason) = owned(code) {
                    return Err(ConvertError::invalid("DhcpOption", "code")(&reason));
                }
                Self::Option { code, value: option.value }
            }
            WireStatement::DefaultLeaseSeconds(seconds) => lease(LeaseBound::Default, seconds),
            WireStatement::MaxLeaseSeconds(seconds) => lease(LeaseBound::Max, seconds),
            WireStatement::MinLeaseSeconds(seconds) => lease(LeaseBound::Min, seconds),
            WireStatement::NextServer(server) => Self::NextServer(v4(&server)?),
            WireStatement::BootFile(file) => Self::BootFile(file),
            WireStatement::If(conditional) => Self::If {
                branches: conditional
                    .branches
                    .into_iter()
                    .map(|branch| {
                        let missing = missing("DhcpBranch", "condition");
                        let condition = branch.condition.ok_or(missing)?;
                        Ok((condition.try_into()?, said(branch.statements)?))
                    })
                    .collect::<Result<_, ConvertError>>()?,
                otherwise: said(conditional.otherwise)?,
            },
        })
    }
}

fn v4(server: &[u8]) -> Result<Ipv4Addr, ConvertError> {
    const FIELD: (&str, &str) = ("DhcpStatement", "next_server");
    match ip_from_bytes(FIELD.0, FIELD.1, server)? {
        IpAddr::V4(ip) => Ok(ip),
        IpAddr::V6(ip) => Err(ConvertError::invalid(FIELD.0, FIELD.1)(&ip)),
    }
}

fn code(message: &'static str, code: u32) -> Result<u8, ConvertError> {
    parse(message, "code", code)
}

impl From<&Condition> for rack::DhcpCondition {
    fn from(condition: &Condition) -> Self {
        let several = |conditions: &[Condition]| rack::DhcpConditions {
            conditions: conditions.iter().map(Into::into).collect(),
        };
        let condition = match condition {
            Condition::All(all) => WireCondition::All(several(all)),
            Condition::Any(any) => WireCondition::Any(several(any)),
            Condition::Not(not) => WireCondition::Not(Box::new(not.as_ref().into())),
            Condition::Equal(left, right) => WireCondition::Equal(rack::DhcpEqual {
                left: Some(left.into()),
                right: Some(right.into()),
            }),
            Condition::Exists(code) => WireCondition::Exists(u32::from(*code)),
            Condition::Known => WireCondition::Known(true),
        };
        Self { condition: Some(condition) }
    }
}

impl TryFrom<rack::DhcpCondition> for Condition {
    type Error = ConvertError;

    fn try_from(condition: rack::DhcpCondition) -> Result<Self, Self::Error> {
        const MESSAGE: &str = "DhcpCondition";
        let several = |several: rack::DhcpConditions| -> Result<Vec<Self>, ConvertError> {
            several.conditions.into_iter().map(TryInto::try_into).collect()
        };
        Ok(match condition.condition.ok_or(missing(MESSAGE, "condition"))? {
            WireCondition::All(all) => Self::All(several(all)?),
            WireCondition::Any(any) => Self::Any(several(any)?),
            WireCondition::Not(not) => Self::Not(Box::new((*not).try_into()?)),
            WireCondition::Equal(rack::DhcpEqual { left, right }) => {
                let side = |side: Option<rack::DhcpBytes>, field| -> Result<Bytes, ConvertError> {
                    side.ok_or_else(|| missing("DhcpEqual", field))?.try_into()
                };
                Self::Equal(side(left, "left")?, side(right, "right")?)
            }
            WireCondition::Exists(option) => Self::Exists(code(MESSAGE, option)?),
            WireCondition::Known(_) => Self::Known,
        })
    }
}

impl From<&Bytes> for rack::DhcpBytes {
    fn from(bytes: &Bytes) -> Self {
        let boxed = |of: &Bytes| Box::new(Self::from(of));
        let bytes = match bytes {
            Bytes::Literal(literal) => WireBytes::Literal(literal.clone()),
            Bytes::Option(code) => WireBytes::Option(u32::from(*code)),
            Bytes::Hardware => WireBytes::Hardware(true),
            Bytes::Substring { of, from, len } => {
                let (of, from, len) = (Some(boxed(of)), *from, *len);
                WireBytes::Substring(Box::new(rack::DhcpSubstring { of, from, len }))
            }
            Bytes::Suffix { of, len } => {
                let (of, len) = (Some(boxed(of)), *len);
                WireBytes::Suffix(Box::new(rack::DhcpSuffix { of, len }))
            }
            Bytes::Lower(of) => WireBytes::Lower(boxed(of)),
            Bytes::Upper(of) => WireBytes::Upper(boxed(of)),
        };
        Self { bytes: Some(bytes) }
    }
}

impl TryFrom<rack::DhcpBytes> for Bytes {
    type Error = ConvertError;

    fn try_from(bytes: rack::DhcpBytes) -> Result<Self, Self::Error> {
        const MESSAGE: &str = "DhcpBytes";
        let part = |of: Option<Box<rack::DhcpBytes>>| -> Result<Box<Self>, ConvertError> {
            let of = of.ok_or(missing(MESSAGE, "of"))?;
            Ok(Box::new((*of).try_into()?))
        };
        Ok(match bytes.bytes.ok_or(missing(MESSAGE, "bytes"))? {
            WireBytes::Literal(literal) => Self::Literal(literal),
            WireBytes::Option(option) => Self::Option(code(MESSAGE, option)?),
            WireBytes::Hardware(_) => Self::Hardware,
            WireBytes::Substring(substring) => {
                let rack::DhcpSubstring { of, from, len } = *substring;
                Self::Substring { of: part(of)?, from, len }
            }
            WireBytes::Suffix(suffix) => {
                let rack::DhcpSuffix { of, len } = *suffix;
                Self::Suffix { of: part(of)?, len }
            }
            WireBytes::Lower(of) => Self::Lower(part(Some(of))?),
            WireBytes::Upper(of) => Self::Upper(part(Some(of))?),
        })
    }
}
