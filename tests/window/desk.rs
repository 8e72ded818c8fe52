//! A display of a test's own, with a window manager, and the program's windows on it.

use std::{
    cell::RefCell,
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    grey::Grey,
    harness::Installation,
    sight::{LARGER, Sight},
};

/// Nothing on the screen takes so long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// What has to be installed, and the Debian package that has it.
const TOOLS: [(&str, &str); 9] = [
    ("Xvfb", "xvfb"),
    ("openbox", "openbox"),
    ("xdotool", "xdotool"),
    ("xprop", "x11-utils"),
    ("setxkbmap", "x11-xkb-utils"),
    ("wmctrl", "wmctrl"),
    ("xclip", "xclip"),
    ("import", "imagemagick"),
    ("tesseract", "tesseract-ocr tesseract-ocr-eng"),
];

/// A display with a window manager.
pub(crate) struct Desk {
    display: String,
    _server: Ended,
    _manager: Ended,
}

/// A process that ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tries again until it works out, and says what did not. Where a try itself takes long, what counts is when it began: on a busy
/// machine it takes longer to read what can be seen than for that to be there.
pub(crate) fn until<T>(what: &str, mut tried: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        let is_last = start.elapsed() > PATIENCE;
        if let Some(value) = tried() {
            return value;
        }
        assert!(!is_last, "{what} did not happen");
        thread::sleep(Duration::from_millis(50));
    }
}

impl Desk {
    /// Sets one up on a display number that is free.
    pub(crate) fn new() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let there = |tool: &str| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
        let missing: Vec<_> = TOOLS.iter().filter(|(tool, _)| !there(tool)).map(|(_, package)| *package).collect();
        assert!(missing.is_empty(), "to test the window, install {}: scripts/setup test does", missing.join(" "));

        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x960x24", "-dpi", "96", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let output = server.stdout.take().expect("its output");
        let server = Ended(server);
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number).expect("Xvfb tells its display");
        let display = format!(":{}", number.trim());
        let manager = Command::new("openbox")
            .env("DISPLAY", &display)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openbox starts");
        let desk = Self { display, _server: server, _manager: Ended(manager) };
        until("a window manager", || {
            let told = desk.run("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"]);
            String::from_utf8_lossy(&told.stdout).contains("window id").then_some(())
        });
        desk
    }

    /// A program on this display.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.dress(&mut command);
        command
    }

    /// Gives a command this display, and nothing of the desktop that the test itself may run on.
    fn dress(&self, command: &mut Command) {
        command.env("DISPLAY", &self.display).env("GDK_BACKEND", "x11").env("GTK_THEME", "Adwaita").env("TZ", "UTC");
        // Nobody is told of what a test says.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/dev/null");
        for other in ["WAYLAND_DISPLAY", "GDK_SCALE", "GDK_DPI_SCALE", "GTK_IM_MODULE", "XMODIFIERS"] {
            command.env_remove(other);
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).stdin(Stdio::null()).output().expect("the tool starts")
    }

    /// Opens the program's window.
    pub(crate) fn open(&self, installation: &Installation, arguments: &[&str]) -> Window<'_> {
        self.open_dressed(installation, arguments, &[])
    }

    /// The same, with these variables in its environment.
    pub(crate) fn open_dressed(
        &self,
        installation: &Installation,
        arguments: &[&str],
        dress: &[(&str, &str)],
    ) -> Window<'_> {
        // It asks nothing of the network that the tests run on.
        let settings = installation.path().join("settings.toml");
        if !settings.exists() {
            fs::write(settings, "look-around = false\n").expect("settings");
        }
        self.show(installation.command(arguments), dress)
    }

    /// Opens the window of a program that was put together elsewhere, with these variables in its environment.
    pub(crate) fn show(&self, mut command: Command, dress: &[(&str, &str)]) -> Window<'_> {
        self.dress(&mut command);
        command.envs(dress.iter().copied());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the program starts");
        let process = child.id().to_string();
        let child = Ended(child);
        let id = until("a window", || {
            let found =
                self.run("xdotool", &["search", "--all", "--onlyvisible", "--pid", &process, "--name", "parlor"]);
            String::from_utf8_lossy(&found.stdout).lines().last().map(str::to_owned)
        });
        Window { desk: self, child, id, sight: RefCell::default() }
    }

    /// Puts something on the clipboard.
    pub(crate) fn copy(&self, text: &str) {
        self.own("clipboard", text);
    }

    /// Selects something, somewhere else.
    pub(crate) fn select(&self, text: &str) {
        self.own("primary", text);
    }

    fn own(&self, selection: &str, text: &str) {
        let mut child = self
            .command("xclip")
            .args(["-selection", selection, "-in"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("xclip starts");
        child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("xclip reads");
        child.wait().expect("xclip goes on in the background");
    }

    /// Waits until what is on the clipboard is as wanted.
    pub(crate) fn clipboard(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        self.owned("clipboard", is_wanted)
    }

    /// Waits until what was selected last is as wanted.
    pub(crate) fn selected(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        self.owned("primary", is_wanted)
    }

    fn owned(&self, selection: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        until(&format!("what should be on the {selection}"), || {
            let told = self.run("timeout", &["5", "xclip", "-selection", selection, "-out"]);
            Some(String::from_utf8_lossy(&told.stdout).into_owned()).filter(|text| is_wanted(text))
        })
    }

    /// Waits until an invite is on the clipboard.
    pub(crate) fn invite(&self) -> String {
        self.clipboard(|text| text.starts_with("parlor://127.0.0.1:"))
    }

    /// Another keyboard.
    pub(crate) fn keyboard(&self, layout: &[&str]) {
        assert!(self.run("setxkbmap", layout).status.success());
    }
}

/// A window of the program.
pub(crate) struct Window<'a> {
    desk: &'a Desk,
    child: Ended,
    id: String,
    sight: RefCell<Sight>,
}

impl Window<'_> {
    /// Brings it to the front, with the keyboard.
    pub(crate) fn focus(&self) -> &Self {
        self.desk.run("xdotool", &["windowactivate", "--sync", &self.id]);
        self
    }

    /// Types. The window has to have the keyboard.
    pub(crate) fn type_text(&self, text: &str) -> &Self {
        assert!(self.desk.run("xdotool", &["type", "--delay", "12", text]).status.success());
        self
    }

    /// Presses keys, such as `Return` or `ctrl+c`.
    pub(crate) fn press(&self, keys: &[&str]) -> &Self {
        let arguments = [&["key", "--delay", "20"], keys].concat();
        assert!(self.desk.run("xdotool", &arguments).status.success());
        self
    }

    /// Presses Enter on a button that was not there before. For half a second after it has appeared it would take that for one that
    /// came too late.
    pub(crate) fn enter(&self) -> &Self {
        thread::sleep(Duration::from_millis(600));
        self.press(&["Return"])
    }

    /// The window as it is now, larger and in grey.
    fn picture(&self) -> Grey {
        let larger = format!("{}%", LARGER * 100);
        let taken = self
            .desk
            .command("import")
            .args(["-window", &self.id, "-resize", &larger, "-colorspace", "Gray", "-depth", "8", "pgm:-"])
            .output()
            .expect("import starts");
        Grey::from_pgm(&taken.stdout).expect("a picture of the window")
    }

    /// Where these words are, one after the other; or else what can be read.
    fn find(&self, wanted: &str) -> Result<(u32, u32), String> {
        self.sight.borrow_mut().find(self.picture(), wanted, || self.desk.command("tesseract"))
    }

    /// Waits for the window of a dialog of that title, which gets the keyboard.
    pub(crate) fn dialog(&self, title: &str) -> &Self {
        let id = until("a dialog", || {
            let found = self.desk.run("xdotool", &["search", "--onlyvisible", "--name", title]);
            String::from_utf8_lossy(&found.stdout).lines().last().map(str::to_owned)
        });
        self.desk.run("xdotool", &["windowactivate", "--sync", &id]);
        self
    }

    /// Waits until these words can be seen, and gives the place of their middle.
    pub(crate) fn sees(&self, wanted: &str) -> (u32, u32) {
        let start = Instant::now();
        loop {
            let is_last = start.elapsed() > PATIENCE;
            match self.find(wanted) {
                Ok(place) => return place,
                Err(seen) if is_last => panic!("“{wanted}” is not to be seen, but: {seen}"),
                Err(_) => thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// Whether these words can be seen now.
    pub(crate) fn shows(&self, wanted: &str) -> bool {
        self.find(wanted).is_ok()
    }

    /// Waits until these words cannot be seen any more.
    pub(crate) fn sees_no_more(&self, words: &str) {
        until("that words go away", || (!self.shows(words)).then_some(()));
    }

    /// Rests the pointer there.
    pub(crate) fn hover(&self, (x, y): (u32, u32)) -> &Self {
        self.focus();
        // Two steps, as a hand comes from somewhere.
        self.point((x + 3, y));
        self.point((x, y));
        self
    }

    fn point(&self, (x, y): (u32, u32)) {
        let (x, y) = (x.to_string(), y.to_string());
        assert!(self.desk.run("xdotool", &["mousemove", "--window", &self.id, &x, &y]).status.success());
    }

    /// Clicks there.
    pub(crate) fn click_at(&self, place: (u32, u32), times: u32) -> &Self {
        self.focus().point(place);
        let times = times.to_string();
        assert!(self.desk.run("xdotool", &["click", "--repeat", &times, "--delay", "60", "1"]).status.success());
        self
    }

    /// Clicks there with the middle button.
    pub(crate) fn middle_click_at(&self, place: (u32, u32)) -> &Self {
        self.focus().point(place);
        assert!(self.desk.run("xdotool", &["click", "2"]).status.success());
        self
    }

    /// Waits until these words can be seen, and clicks on them.
    pub(crate) fn click(&self, words: &str) -> &Self {
        self.focus();
        self.click_at(self.sees(words), 1)
    }

    /// Drags from one place to another.
    pub(crate) fn drag(&self, from: (u32, u32), to: (u32, u32)) -> &Self {
        self.focus().point(from);
        self.desk.run("xdotool", &["mousedown", "1"]);
        let half = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
        for place in [half, to] {
            self.point(place);
            thread::sleep(Duration::from_millis(60));
        }
        self.desk.run("xdotool", &["mouseup", "1"]);
        self
    }

    /// How many pixels of this colour are in the left and in the right half of what it shows.
    pub(crate) fn pixels(&self, color: [u8; 3]) -> (usize, usize) {
        let picture = self.desk.run("import", &["-window", &self.id, "-depth", "8", "ppm:-"]).stdout;
        let mut fields = Vec::new();
        let mut at = 0;
        // "P6", width, height and 255, each ended by white space.
        while fields.len() < 4 {
            let end = at + picture[at..].iter().position(u8::is_ascii_whitespace).expect("a header");
            fields.push(String::from_utf8_lossy(&picture[at..end]).into_owned());
            at = end + 1;
        }
        let width: usize = fields[1].parse().expect("a width");
        let mut found = (0, 0);
        for (index, pixel) in picture[at..].chunks_exact(3).enumerate() {
            if pixel == color {
                if index % width < width / 2 { found.0 += 1 } else { found.1 += 1 }
            }
        }
        found
    }

    /// Waits until a good part of it has this colour.
    pub(crate) fn sees_color(&self, color: [u8; 3]) {
        until("that colour", || {
            let (left, right) = self.pixels(color);
            (left + right > 1000).then_some(())
        });
    }

    /// Makes it so large.
    pub(crate) fn resize(&self, width: u32, height: u32) -> &Self {
        let (width, height) = (width.to_string(), height.to_string());
        self.desk.run("xdotool", &["windowsize", "--sync", &self.id, &width, &height]);
        self
    }

    /// The title.
    pub(crate) fn title(&self) -> String {
        let told = self.desk.run("xdotool", &["getwindowname", &self.id]);
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    }

    /// Closes it as its cross does, and gives the exit code and how long it took.
    pub(crate) fn close(self) -> (i32, Duration) {
        let start = Instant::now();
        self.desk.run("wmctrl", &["-i", "-c", &self.id]);
        self.end(start)
    }

    /// Ends it with SIGTERM, and gives the exit code and how long it took.
    pub(crate) fn terminate(self) -> (i32, Duration) {
        let start = Instant::now();
        let id = self.child.0.id().to_string();
        self.desk.run("kill", &["-s", "TERM", &id]);
        self.end(start)
    }

    fn end(mut self, start: Instant) -> (i32, Duration) {
        let status = until("the end", || self.child.0.try_wait().expect("a state"));
        (status.code().unwrap_or(-1), start.elapsed())
    }
}
