using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Scheduler.Bundles;
using Sluice.Scheduler.DagProcessing;
using Sluice.Scheduler.Dags;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Tests.Dags;

public sealed class DagFolderActorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-folder").FullName;
    private readonly SimulationDispatcher _simulation = new(1);
    private readonly List<object> _told = [];

    [Fact]
    public void A_folder_that_goes_away_and_comes_back_has_lost_nothing()
    {
        File.WriteAllText(Path.Combine(_folder, "a.yaml"), "");
        Watch();
        Assert.Equal(["a.yaml"], Assert.Single(_told.OfType<FolderListed>()).Files);

        Directory.Move(_folder, _folder + ".away");
        _simulation.RunFor(TimeSpan.FromMinutes(1));
        Assert.Empty(_told.OfType<FileGone>());
        Assert.Empty(_told.OfType<Terminated>());

        Directory.Move(_folder + ".away", _folder);
        File.Delete(Path.Combine(_folder, "a.yaml"));
        _simulation.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("a.yaml", Assert.Single(_told.OfType<FileGone>()).File);
    }

    [Fact]
    public void A_processor_that_cannot_be_started_is_a_problem_of_the_file_and_is_tried_again()
    {
        File.WriteAllText(Path.Combine(_folder, "a.yaml"), "");
        Watch();
        var first = _told.OfType<FileProcessed>().Count();
        Assert.Contains("missing", Assert.Single(_told.OfType<FileProcessed>().First().File.Problems).Message, StringComparison.Ordinal);

        _simulation.RunFor(TimeSpan.FromMinutes(1));
        Assert.True(_told.OfType<FileProcessed>().Count() > first);
        Assert.Empty(_told.OfType<Terminated>());
    }

    [Fact]
    public async Task A_calendar_beside_the_dag_file_becomes_part_of_the_dag()
    {
        var dag = Path.Combine(_folder, "a.yaml");
        await File.WriteAllTextAsync(dag, "dag_id: a\nstart_date: 2026-01-01\nschedule: {cron: '@daily', calendar: free.txt}\ntasks: [{id: t, operator: EmptyOperator}]\n");
        await using var processor = new DagProcessorClient(new());
        var read = await processor.ProcessAsync(_folder, "a.yaml", new Dictionary<string, string>(), CancellationToken.None);
        Assert.NotEmpty(read.TemplateFilesRead);
        Assert.Contains("there is no such file", Assert.Single(read.Problems).Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(_folder, "free.txt"), "2026-12-25 Christmas Day");
        var mended = await processor.ProcessAsync(_folder, "a.yaml", new Dictionary<string, string>(), CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(_folder, "free.txt"), "2026-12-26 Christmas Day");
        var changed = await processor.ProcessAsync(_folder, "a.yaml", new Dictionary<string, string>(), CancellationToken.None);
        Assert.Contains("2026-12-25", Assert.Single(mended.Dags).Spec, StringComparison.Ordinal);
        Assert.NotEqual(mended.Dags[0].Version, changed.Dags[0].Version);

        await File.WriteAllTextAsync(dag, "dag_id: a\nstart_date: 2026-01-01\nschedule: {cron: '@daily', calendar: ../outside.txt}\ntasks: [{id: t, operator: EmptyOperator}]\n");
        var outside = await processor.ProcessAsync(_folder, "a.yaml", new Dictionary<string, string>(), CancellationToken.None);
        Assert.Contains("outside.txt cannot be read from the Dag folder", Assert.Single(outside.Problems).Message, StringComparison.Ordinal);
    }

    public void Dispose() => TemporaryFolder.Delete(_folder);

    private void Watch()
    {
        var store = new ObservedStore(_simulation);
        using var keys = new TemporaryFolder("sluice-key-");
        var box = new SecretBox(SecretKeys.LoadOrCreate(keys["key"]));
        var processor = new DagProcessorClient(new() { AssemblyPath = Path.Combine(_folder, "none.dll") });
        var system = new ActorSystem("test", _simulation, _simulation.Time, NullLoggerFactory.Instance);
        var folder = Props.Create(() => new DagFolderActor(
            _folder, TimeSpan.FromSeconds(1), watch: null, processor, new BundleShelf(store.Bundles, box),
            _ => Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>())));
        system.Spawn(Props.Create(() => new Parent(folder, _told)).WithSupervision(SupervisionStrategy.Stop), "parent");
        _simulation.RunFor(TimeSpan.FromSeconds(2));
    }

    private sealed class Parent(Props child, List<object> told) : Actor
    {
        protected override ValueTask PreStartAsync()
        {
            Context.Watch(Context.Spawn(child, "folder"));
            return ValueTask.CompletedTask;
        }

        protected override ValueTask ReceiveAsync(object message)
        {
            told.Add(message);
            return ValueTask.CompletedTask;
        }
    }
}
