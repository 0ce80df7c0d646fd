//! Roles of the people who use the program.

use super::keyed::keyed_enum;

keyed_enum! {
    /// What a person may do.
    Role {
        Supervisor = "supervisor", "监管人员", "Supervisor";
        UnitAdmin = "unit_admin", "单位管理员", "Unit administrator";
        Auditor = "auditor", "审计", "Auditor";
    }
}
