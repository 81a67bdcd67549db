using Sluice.Core.RemoteJobs;

namespace Sluice.Storage.ReadModel;

/// <content>What attempts have started in services.</content>
internal sealed partial class SqlReadModel
{
    public async ValueTask<IReadOnlyList<RemoteJobRow>> ListRemoteJobsAsync(long run, CancellationToken cancellationToken)
    {
        const string Sql =
            """
            SELECT task_id, token, try_number, service, job_id, name, connection_id, at
            FROM remote_job WHERE run_key = $1 ORDER BY task_id, token
            """;
        return await database.QueryAsync(
            Sql,
            [run],
            row => new RemoteJobRow(
                run, new(row.Text(0)), row.Int(1), row.Int(2), new RemoteJob(row.Text(3), row.Text(4)) { Name = row.TextOrNull(5), ConnectionId = row.TextOrNull(6) }, row.Time(7)),
            cancellationToken).ConfigureAwait(false);
    }
}
