//! CPUs, from `/proc/cpuinfo`.

/// What MAAS shows of the CPUs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// Logical CPUs.
    pub count: u32,
    /// Nominal speed in MHz.
    pub speed_mhz: u32,
    /// The first CPU's model name.
    pub model: String,
}

/// Reads the kernel's list of CPUs. The nominal speed in the model's name is preferred over the
/// current one, which follows the load.
#[must_use]
pub fn parse(cpuinfo: &str) -> Cpu {
    let mut cpu = Cpu::default();
    let mut current_mhz = 0;
    for (name, value) in cpuinfo.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.trim() {
            "processor" => cpu.count += 1,
            "model name" if cpu.model.is_empty() => value.clone_into(&mut cpu.model),
            "cpu MHz" if current_mhz == 0 => current_mhz = whole(value),
            _ => {}
        }
    }
    cpu.speed_mhz = nominal_mhz(&cpu.model).unwrap_or(current_mhz);
    cpu
}

/// The part before the decimal point.
fn whole(number: &str) -> u32 {
    number.split('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// `Intel(R) Xeon(R) CPU E5-2620 v4 @ 2.10GHz` is 2100 MHz.
fn nominal_mhz(model: &str) -> Option<u32> {
    let speed = model.rsplit_once('@')?.1.trim().strip_suffix("GHz")?;
    let (whole, fraction) = speed.split_once('.').unwrap_or((speed, ""));
    let thousandths = format!("{fraction:0<3}");
    Some(whole.parse::<u32>().ok()? * 1000 + thousandths.get(..3)?.parse::<u32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::{Cpu, nominal_mhz, parse};

    #[test]
    fn virtual_cpus_are_counted_with_their_current_speed() {
        let cpu = parse(include_str!("samples/cpuinfo.txt"));
        let model = "QEMU Virtual CPU version 2.5+".to_owned();
        assert_eq!((cpu.count, cpu.model), (2, model));
        assert!(cpu.speed_mhz > 1000, "{}", cpu.speed_mhz);
        assert_eq!(parse(""), Cpu::default());
    }

    #[test]
    fn nominal_speed_is_in_the_models_name() {
        assert_eq!(nominal_mhz("Intel(R) Xeon(R) CPU E5-2620 v4 @ 2.10GHz"), Some(2100));
        assert_eq!(nominal_mhz("Intel(R) Xeon(R) Silver 4114 CPU @ 3GHz"), Some(3000));
        assert_eq!(nominal_mhz("AMD EPYC 7302 16-Core Processor"), None);
    }
}
