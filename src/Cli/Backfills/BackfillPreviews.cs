using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Backfills;

/// <summary><c>sluice backfill create --dry-run</c>: what would become of each interval, page by page as it comes.</summary>
internal static class BackfillPreviews
{
    public static async Task ShowAsync(Invocation invocation, ApiClient api, BackfillRequest request)
    {
        var all = new List<BackfillInterval>();
        var (create, reprocess, skip) = (0, 0, 0);
        BackfillPreview page;
        DateTimeOffset? after = null;
        do
        {
            page = await api.PreviewBackfillAsync(new(request, after), invocation.Cancel);
            (create, reprocess, skip, after) = (create + page.Create, reprocess + page.Reprocess, skip + page.Skip, page.Next);
            if (invocation.Json)
            {
                all.AddRange(page.Intervals);
                continue;
            }

            foreach (var interval in page.Intervals)
            {
                invocation.Terminal.Line(LineOf(interval));
            }
        }
        while (after is not null);

        invocation.Terminal.Line(invocation.Json
            ? ApiJson.Serialize(new BackfillPreview(page.DagId, create, reprocess, skip, all))
            : $"{create} to create, {reprocess} to run again, {skip} to be left alone. Nothing was done.");
    }

    private static string LineOf(BackfillInterval interval) =>
        $"{Wording.Date(interval.Start),-19}  {interval.Action,-9}  {Terminal.Clean(interval.Why ?? interval.RunId ?? "")}".TrimEnd();
}
