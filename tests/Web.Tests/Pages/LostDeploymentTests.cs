using static Microsoft.Playwright.Assertions;

namespace Sluice.Web.Tests.Pages;

/// <summary>A deployment that goes away while somebody looks at it.</summary>
public sealed class LostDeploymentTests(Deployment deployment, Browser browser) : IClassFixture<Deployment>, IClassFixture<Browser>
{
    [Fact]
    public async Task The_page_says_that_nobody_answers_and_keeps_what_it_knew()
    {
        await using var visit = await browser.VisitAsync();
        visit.Expected = "ERR_CONNECTION_REFUSED";
        await visit.Page.GotoAsync(deployment.Api.SignInAddress.ToString());
        await visit.Page.GotoAsync($"{deployment.Url}dags/{Deployment.Dag}");
        await Expect(visit.Page.GetByText(Deployment.RunId)).ToBeVisibleAsync(new() { Timeout = 60_000 });

        await deployment.StopAsync();

        await Expect(visit.Page.GetByText("Sluice does not answer.").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(visit.Page.GetByText(Deployment.RunId)).ToBeVisibleAsync();
    }
}
