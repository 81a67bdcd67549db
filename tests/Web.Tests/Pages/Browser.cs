using Microsoft.Playwright;

namespace Sluice.Web.Tests.Pages;

/// <summary>A headless Chromium. Each visit is of a person of its own; whatever the page complains about on its console fails the test.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program(), Args = ["--no-sandbox"], Timeout = 120_000 });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    internal async Task<Visit> VisitAsync(bool isDark = false)
    {
        var context = await _browser!.NewContextAsync(new() { ViewportSize = new() { Width = 1280, Height = 900 }, ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light });
        context.SetDefaultTimeout(60_000);
        return new(context, await context.NewPageAsync());
    }

    private static string Program() =>
        (from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
         from name in Names
         let path = Path.Combine(folder, name)
         where File.Exists(path)
         select path).FirstOrDefault() ?? throw new FileNotFoundException("There is no Chromium in the PATH; test.sh installs it.");
}

/// <summary>A person in front of the pages.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    public Visit(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        context.Console += (_, said) => Note(said.Type == "error", $"{said.Type}: {said.Text}");
        context.WebError += (_, failed) => Note(true, failed.Error);
    }

    public IPage Page { get; }

    /// <summary>Another tab of the same person.</summary>
    public Task<IPage> TabAsync() => _context.NewPageAsync();

    /// <summary>What the console may say: the browser itself tells of every answer that is no 200.</summary>
    public string? Expected { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        lock (_complaints)
        {
            Assert.Empty(_complaints);
        }
    }

    /// <summary>Keeps a picture where SLUICE_SCREENSHOTS names a folder, for people to look at.</summary>
    public async Task PictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("SLUICE_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
        }
    }

    private void Note(bool matters, string text)
    {
        if (matters && (Expected is null || !text.Contains(Expected, StringComparison.Ordinal)))
        {
            lock (_complaints)
            {
                _complaints.Add(text);
            }
        }
    }
}
