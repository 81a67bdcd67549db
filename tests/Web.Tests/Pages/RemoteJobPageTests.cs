using Sluice.Services.Aws;
using static Microsoft.Playwright.Assertions;

namespace Sluice.Web.Tests.Pages;

/// <summary>What a task has started in a service, as an operator finds it when its worker is gone.</summary>
[Collection(PageTests.Name)]
public sealed class RemoteJobPageTests(Deployment deployment, Browser browser)
{
    [Fact]
    public async Task The_id_of_a_query_stands_with_the_attempt_that_started_it()
    {
        await using var aws = await AwsJsonServer.StartAsync();
        await deployment.Api.SetConnectionAsync("aws", aws.ConnectionUri);
        await deployment.Api.TriggerRunAsync(new("lake", null, "r", null));
        await Deployment.UntilAsync(async () => (await deployment.Api.ShowRunAsync("lake", "r")).Run.State == "success", "the query is started");
        await using var visit = await browser.VisitAsync();
        visit.Expected = "404"; // it took no evidence
        await visit.Page.GotoAsync(deployment.Api.SignInAddress.ToString());
        await visit.Page.GotoAsync($"{deployment.Url}dags/lake/runs/r/tasks/query");

        await Expect(visit.Page.Locator(".facts div").Filter(new() { HasText = "In service" }).Locator("code")).ToHaveTextAsync("job-1", new() { Timeout = 60_000 });
        await Expect(visit.Page.Locator(".facts")).ToContainTextAsync("by connection aws, since 20");
        await visit.PictureAsync("remote-job");
    }
}
