using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Sluice.Web.Tests.Pages;

/// <summary>What a load has seen of its rows, as an operator finds it.</summary>
[Collection(PageTests.Name)]
public sealed class EvidencePageTests(Deployment deployment, Browser browser)
{
    private static readonly LocatorAssertionsToHaveTextOptions Patient = new() { Timeout = 60_000 };

    [Fact]
    public async Task From_the_list_of_Dags_to_the_cell_that_differs()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await page.GotoAsync(deployment.Api.SignInAddress.ToString());
        await page.GetByRole(AriaRole.Link, new() { Name = Deployment.Dag, Exact = true }).ClickAsync();
        Assert.DoesNotContain("token", page.Url, StringComparison.Ordinal);
        await Expect(page.Locator(".mark.agrees")).ToHaveTextAsync(["extract: 3 rows agree", "load: 3 rows agree"], new() { Timeout = 60_000 });
        await visit.PictureAsync("dag");
        await page.GetByRole(AriaRole.Link, new() { Name = Deployment.RunId }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "load success" }).Locator(".mark")).ToHaveTextAsync("3 rows agree", Patient);
        await visit.PictureAsync("run");
        await page.GetByRole(AriaRole.Link, new() { Name = "load", Exact = true }).ClickAsync();

        await Expect(page.Locator(".verdicts > li")).ToHaveTextAsync(["manifest and target agree"], new() { Timeout = 60_000 });
        await Expect(page.Locator(".evidence .differs")).ToHaveCountAsync(0);
        await Expect(page.GetByText("Only what differs")).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Link, new() { Name = "try 1" }).ClickAsync();
        await Expect(page.Locator(".verdicts > li > ul > li").First).ToHaveTextAsync(
            $"column {Deployment.Column} has 7 as least value in the extract, 1 in table nps", Patient);
        await Expect(page.Locator(".error").First).ToContainTextAsync("What arrived is not what left");
        await visit.PictureAsync("evidence");
        Assert.Equal(
            [" rows 3 3", $"{Deployment.Column} min 7 1", $"{Deployment.Column} max 9 8", "note nulls 1 2"],
            (await RowsAsync(page)).Where(row => !row.StartsWith(" hash", StringComparison.Ordinal) && (row.StartsWith(" rows", StringComparison.Ordinal) || row.EndsWith('!'))).Select(row => row.TrimEnd('!')));
        Assert.Contains(await RowsAsync(page), row => row.StartsWith(" hash", StringComparison.Ordinal) && row.EndsWith('!'));

        await page.GetByLabel("Only what differs").CheckAsync();
        Assert.All(await RowsAsync(page), row => Assert.EndsWith("!", row, StringComparison.Ordinal));

        // The address is of this attempt: it can be sent to somebody.
        var tab = await visit.TabAsync();
        await tab.GotoAsync(page.Url);
        await Expect(tab.Locator(".verdicts > li.differs")).ToHaveCountAsync(1, new() { Timeout = 60_000 });
    }

    [Fact]
    public async Task A_run_whose_rows_have_not_arrived_stands_out_among_the_runs_of_its_Dag()
    {
        await deployment.Api.TriggerRunAsync(new("lies", null, "r", null));
        await Deployment.UntilAsync(async () => (await deployment.Api.ShowRunAsync("lies", "r")).Run.State == "failed", "the load failed");
        await using var visit = await browser.VisitAsync();
        await visit.Page.GotoAsync(deployment.Api.SignInAddress.ToString());
        await visit.Page.GotoAsync($"{deployment.Url}dags/lies");
        await Expect(visit.Page.Locator(".mark.agrees")).ToHaveTextAsync("extract: 3 rows agree", Patient);
        await visit.PictureAsync("lies");

        await visit.Page.Locator(".mark.differs").ClickAsync();

        await Expect(visit.Page.Locator(".verdicts > li.differs")).ToHaveCountAsync(1, new() { Timeout = 60_000 });
        await Expect(visit.Page).ToHaveTitleAsync("load - r - lies - Sluice");
        Assert.Contains("/dags/lies/runs/r/tasks/load", visit.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dark_is_as_the_person_has_it()
    {
        await using var visit = await browser.VisitAsync(isDark: true);
        await visit.Page.GotoAsync(deployment.Api.SignInAddress.ToString());
        await visit.Page.GotoAsync(Address(Deployment.Dag, Deployment.RunId, "load"));
        await Expect(visit.Page.Locator(".verdicts > li.agrees")).ToHaveCountAsync(1, new() { Timeout = 60_000 });
        await visit.PictureAsync("dark");
        var ground = await visit.Page.EvaluateAsync<string>("() => getComputedStyle(document.documentElement).backgroundColor");
        Assert.Equal("rgb(20, 25, 29)", ground);
    }

    [Fact]
    public async Task A_task_that_took_none_says_how_to_take_it_and_shows_its_log()
    {
        await using var visit = await browser.VisitAsync();
        visit.Expected = "404";
        await visit.Page.GotoAsync(deployment.Api.SignInAddress.ToString());
        await visit.Page.GotoAsync(Address(Deployment.Dag, Deployment.RunId, "plain"));

        await Expect(visit.Page.GetByText("took no evidence: extracts and loads take it with reconcile")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(visit.Page.Locator(".log")).ToContainTextAsync("plainly", new() { Timeout = 60_000 });
    }

    [Fact]
    public async Task What_is_not_there_is_said_in_the_words_of_the_API()
    {
        await using var visit = await browser.VisitAsync();
        visit.Expected = "404";
        await visit.Page.GotoAsync(deployment.Api.SignInAddress.ToString());
        (string Address, string Says)[] wrong =
        [
            (Address(Deployment.Dag, "nosuch", "load"), "nosuch"),
            (Address(Deployment.Dag, Deployment.RunId, "nosuch"), "has no task 'nosuch'"),
            ($"{deployment.Url}dags/nosuch", "nosuch"),
            ($"{deployment.Url}dags/{Deployment.Dag}/nosuch", "There is no such page."),
        ];
        foreach (var (address, says) in wrong)
        {
            await visit.Page.GotoAsync(address);
            await Expect(visit.Page.Locator("main")).ToContainTextAsync(says, new() { Timeout = 60_000 });
        }
    }

    private string Address(string dag, string run, string task) => $"{deployment.Url}dags/{dag}/runs/{Uri.EscapeDataString(run)}/tasks/{Uri.EscapeDataString(task)}";

    /// <summary>Column, what, and the values of a line; an exclamation mark when cells of it are marked.</summary>
    private static async Task<IReadOnlyList<string>> RowsAsync(IPage page)
    {
        var rows = new List<string>();
        var column = "";
        foreach (var row in await page.Locator(".evidence tbody tr").AllAsync())
        {
            var cells = await row.Locator("th, td").AllInnerTextsAsync();
            column = await row.GetAttributeAsync("class") == "first" ? cells[0] : column;
            rows.Add($"{column} {string.Join(' ', cells.Skip(1))}{(await row.Locator(".differs").CountAsync() > 0 ? "!" : "")}");
        }

        return rows;
    }
}
