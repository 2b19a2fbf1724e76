//! dump
#![allow(warnings)]
fn main() {
    for path in std::env::args().skip(1) {
        let input = opsec_manifests::Input {
            name: path.rsplit('/').next().unwrap().into(),
            bytes: std::fs::read(&path).unwrap(),
        };
        let m = match opsec_manifests::read(std::slice::from_ref(&input), &Default::default()) {
            Ok(m) => m,
            Err(e) => {
                println!("### {path} ERROR {e}");
                continue;
            }
        };
        match opsec_e2e::judge_all(&m.snapshot) {
            Err(e) => println!("### {path} CHECK ERROR {e}"),
            Ok(reports) => {
                for mut r in reports {
                    r.locate(&m.sources);
                    println!(
                        "### {} {} gains {:?} intended {:?}",
                        input.name, r.operator.name, r.gains, r.operator.intended_namespaces
                    );
                    for p in &r.practices {
                        println!(
                            "== {} op {} cl {}",
                            p.number,
                            p.halves.operator.as_str(),
                            p.halves.cluster.as_str()
                        );
                        for o in &p.rules {
                            println!(
                                "   {} {} {} {}",
                                o.id,
                                o.status.as_str(),
                                o.filed_under.as_deref().unwrap_or(""),
                                o.reason.as_deref().unwrap_or("")
                            );
                        }
                        for f in &p.findings {
                            let acc: Vec<_> =
                                f.service_accounts.iter().map(|a| a.name.clone()).collect();
                            let comp: Vec<_> =
                                f.components.iter().map(|a| a.name.clone()).collect();
                            println!(
                                " - {} {} {} {} {:?} also{:?} | {} | sa{:?} c{:?}",
                                f.severity,
                                f.rule,
                                f.right.as_deref().unwrap_or("-"),
                                f.reach.map_or("-", |r| r.as_str()),
                                f.status,
                                f.also,
                                f.title,
                                acc,
                                comp
                            );
                            if std::env::var("V").is_ok() {
                                println!(
                                    "      gain: {}\n      remedy: {}\n      confirm: {:?}\n      reason {:?}",
                                    f.gain, f.remedy, f.confirm, f.reason
                                );
                                for e in &f.evidence {
                                    println!(
                                        "      ev {} {} {:?}",
                                        e.object,
                                        e.field,
                                        e.source.as_ref().map(|s| s.line)
                                    );
                                }
                                for g in &f.granted_by {
                                    println!(
                                        "      gr {} <- {} {} {} :: {}",
                                        g.subject, g.binding, g.role, g.rule, g.right
                                    );
                                }
                            }
                        }
                    }
                    for n in &r.notices {
                        println!("   notice {:?} {}", n.code, n.message);
                    }
                }
            }
        }
    }
}
