namespace Sluice.Core.Dags;

/// <summary>A Dag's edges in the form that a run walks: built once per version, shared by all its runs.</summary>
public sealed class DagGraph
{
    private readonly int[][] _downstream;

    public DagGraph(DagSpec spec)
    {
        Spec = spec;
        var downstream = new List<int>[spec.Tasks.Count];
        for (var task = 0; task < downstream.Length; task++)
        {
            foreach (var upstream in spec.Tasks[task].Upstream)
            {
                (downstream[upstream] ??= []).Add(task);
            }
        }

        _downstream = Array.ConvertAll(downstream, list => list?.ToArray() ?? []);
    }

    public DagSpec Spec { get; }

    /// <summary>Number of tasks.</summary>
    public int Count => _downstream.Length;

    /// <summary>Direct downstreams of a task, ascending.</summary>
    public ReadOnlySpan<int> Downstream(int task) => _downstream[task];

    /// <summary>True when nothing comes after the task: it decides how the run ends.</summary>
    public bool IsLeaf(int task) => _downstream[task].Length == 0;
}
