using Sluice.Scheduler.DagProcessing;

namespace Sluice.Scheduler.Tests.Dags;

public sealed class ImportQueueTests
{
    [Fact]
    public void Edited_files_go_before_those_that_are_new_and_slow_ones_last()
    {
        var queue = new ImportQueue(lanes: 1);
        Enqueue(queue, "slow");
        Assert.Equal("slow", queue.Next());
        queue.IsSlow("slow");
        queue.Finished("slow");

        Enqueue(queue, "slow", "a", "b");
        queue.Enqueue("edited", edited: true);

        Assert.Equal(["edited", "a", "b", "slow"], Drain(queue));
    }

    [Fact]
    public void A_slow_file_gives_its_lane_to_the_next_and_is_not_imported_twice_at_once()
    {
        var queue = new ImportQueue(lanes: 1);
        Enqueue(queue, "loops", "a");
        Assert.Equal("loops", queue.Next());
        Assert.Null(queue.Next());

        queue.IsSlow("loops");
        Assert.Equal("a", queue.Next());

        queue.Enqueue("loops", edited: true);
        queue.Finished("a");
        Assert.Null(queue.Next());
        queue.Finished("loops");
        Assert.Equal("loops", queue.Next());
    }

    [Fact]
    public void Any_number_of_files_that_loop_leave_a_lane_to_the_others_after_their_first_time()
    {
        var queue = new ImportQueue(lanes: 2);
        var loops = Enumerable.Range(0, 10).Select(i => $"loop{i}").ToArray();
        foreach (var loop in loops)
        {
            Enqueue(queue, loop);
            Assert.Equal(loop, queue.Next());
            queue.IsSlow(loop);
            queue.Finished(loop);
        }

        Enqueue(queue, loops);
        for (var i = 0; i < 2; i++)
        {
            var next = queue.Next();
            Assert.NotNull(next);
            queue.IsSlow(next);
        }

        Assert.Null(queue.Next());
        Enqueue(queue, "good");
        Assert.Equal("good", queue.Next());
    }

    [Fact]
    public void Lanes_open_with_the_number_of_files_that_wait_and_never_beyond_their_bound()
    {
        var queue = new ImportQueue(lanes: 4);
        Enqueue(queue, "one", "two");
        Assert.NotNull(queue.Next());
        Assert.Null(queue.Next());

        Enqueue(queue, [.. Enumerable.Range(0, 100).Select(i => $"f{i}")]);
        var started = 1;
        while (queue.Next() is not null)
        {
            started++;
        }

        Assert.Equal(4, started);
    }

    private static void Enqueue(ImportQueue queue, params string[] files)
    {
        foreach (var file in files)
        {
            queue.Enqueue(file, edited: false);
        }
    }

    private static List<string> Drain(ImportQueue queue)
    {
        var order = new List<string>();
        while (queue.Next() is { } file)
        {
            order.Add(file);
            queue.Finished(file);
        }

        return order;
    }
}
