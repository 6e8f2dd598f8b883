//! The service as a process.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use kokuin_fetch::{Client, Limits, Reach, Url};

use crate::layer::Layer;

/// How long a start may take, first material included.
const START: Duration = Duration::from_secs(60);

/// A service that can be killed and started again on the same data.
pub(crate) struct Server {
    binary: PathBuf,
    folder: PathBuf,
    tsa: SocketAddr,
    seal: SocketAddr,
    layer: Option<Layer>,
    child: Child,
    client: Client,
}

impl Server {
    pub(crate) fn start(binary: PathBuf, folder: PathBuf, layer: Option<Layer>) -> anyhow::Result<Self> {
        let (tsa, seal) = (free_address()?, free_address()?);
        let child = spawn(&binary, &folder, tsa, seal, layer.as_ref())?;
        let client = Client::new(Limits { body: 64 << 20, ..Limits::TSP }.with_reach(Reach::LOOPBACK));
        let mut server = Self { binary, folder, tsa, seal, layer, child, client };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Starts it again after [`Self::kill`]. With a layer, the power went too: returns how many writes that took back.
    pub(crate) fn restart(&mut self) -> anyhow::Result<Option<usize>> {
        let lost = self.layer.as_ref().map(Layer::cut_power).transpose()?;
        self.child = spawn(&self.binary, &self.folder, self.tsa, self.seal, self.layer.as_ref())?;
        self.wait_until_ready()?;
        Ok(lost)
    }

    /// SIGKILL: nothing of the process runs after it.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and the wait for the end.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        let status = Command::new("kill").arg(self.child.id().to_string()).status()?;
        anyhow::ensure!(status.success(), "kill: {status}");
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "ended with {status}");
        Ok(())
    }

    /// `kokuin audit verify` on the data.
    pub(crate) fn audit_verify(&self) -> anyhow::Result<()> {
        let output = Command::new(&self.binary).args(["audit", "verify", "--data"]).arg(&self.folder).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "audit verify: {}: {}", output.status, said.trim());
        Ok(())
    }

    /// An address below the time-stamp service.
    pub(crate) fn url(&self, path: &str) -> anyhow::Result<Url> {
        Ok(format!("http://{}{path}", self.tsa).parse()?)
    }

    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let answer = self.client.get(&self.url(path)?).with_context(|| path.to_owned())?;
        Ok(answer.body)
    }

    /// The log's key, from the file that an operator hands out; never from the service itself.
    pub(crate) fn vkey(&self) -> anyhow::Result<String> {
        let folder = self.folder.join("log");
        for file in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "vkey") {
                return Ok(std::fs::read_to_string(path)?.trim().to_owned());
            }
        }
        anyhow::bail!("no .vkey file in {}", folder.display())
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            if self.get("/readyz").is_ok() {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            let said = || std::fs::read_to_string(self.folder.with_extension("stderr")).unwrap_or_default();
            anyhow::ensure!(ended.is_none(), "ended before it was ready: {ended:?}\n{}", said());
            anyhow::ensure!(start.elapsed() < START, "not ready after {START:?}\n{}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already after a regular stop.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

fn spawn(
    binary: &PathBuf,
    folder: &PathBuf,
    tsa: SocketAddr,
    seal: SocketAddr,
    layer: Option<&Layer>,
) -> anyhow::Result<Child> {
    let errors = File::options().create(true).append(true).open(folder.with_extension("stderr"))?;
    let mut command = Command::new(binary);
    if let Some(layer) = layer {
        layer.under(&mut command);
    }
    command
        .args(["serve", "--dev", "--data"])
        .arg(folder)
        .args(["--tsa-listen", &tsa.to_string(), "--seal-listen", &seal.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn()
        .with_context(|| binary.display().to_string())
}

/// An address that was free a moment ago.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
