using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Sluice.Web.Tests.Pages;

/// <summary>Signing in and out, and what is seen meanwhile.</summary>
[Collection(PageTests.Name)]
public sealed class SessionTests(Deployment deployment, Browser browser)
{
    [Fact]
    public async Task Only_the_token_opens_the_pages_until_signing_out()
    {
        await using var visit = await browser.VisitAsync();
        visit.Expected = "401";
        var page = visit.Page;
        var token = deployment.Api.SignInAddress.Fragment["#token=".Length..];
        await page.GotoAsync(deployment.Url.ToString());
        await visit.PictureAsync("sign-in");
        await page.GetByLabel("Token of the API").FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This deployment does not know that token.", new() { Timeout = 60_000 });

        await page.GetByLabel("Token of the API").FillAsync(token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Dags" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("broken.yaml", new() { Timeout = 60_000 });
        await visit.PictureAsync("dags");

        var tab = await visit.TabAsync();
        await tab.GotoAsync(deployment.Url.ToString());
        await Expect(tab.GetByRole(AriaRole.Link, new() { Name = Deployment.Dag, Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await tab.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(tab.GetByLabel("Token of the API")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(page.GetByLabel("Token of the API")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_token_that_is_known_no_more_leads_to_the_sign_in()
    {
        await using var visit = await browser.VisitAsync();
        visit.Expected = "401";

        await visit.Page.GotoAsync($"{deployment.Url}#token=old");

        await Expect(visit.Page.GetByLabel("Token of the API")).ToBeVisibleAsync(new() { Timeout = 60_000 });
    }

    [Fact]
    public async Task A_run_is_followed_without_a_reload()
    {
        await using var visit = await browser.VisitAsync();
        visit.Expected = "404"; // neither task takes evidence
        var page = visit.Page;
        await deployment.Api.TriggerRunAsync(new("waits", null, "w", null));
        await page.GotoAsync(deployment.Api.SignInAddress.ToString());
        await page.GotoAsync($"{deployment.Url}dags/waits/runs/w");
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "flag running" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        var tab = await visit.TabAsync();
        await tab.GotoAsync($"{deployment.Url}dags/waits/runs/w/tasks/flag");
        await Expect(tab.GetByText("It is there when the attempt has ended.")).ToBeVisibleAsync(new() { Timeout = 60_000 });

        await File.WriteAllTextAsync(deployment.Flag, "");

        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "after success" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "w success" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(tab.GetByText("took no evidence")).ToBeVisibleAsync(new() { Timeout = 60_000 });
    }
}
