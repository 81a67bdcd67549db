using System.Text.Json;

namespace Sluice.Authoring.CrossDag;

/// <summary>The sets of states that say what a wait for another Dag ends as.</summary>
internal static class CrossDagStates
{
    /// <summary>As people write it: <c>upstream_failed</c>.</summary>
    public static string Name<T>(T state)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    /// <summary>Why the sets cannot be told apart; null when no state stands in two.</summary>
    public static string? FindOverlap<T>(params (string Name, List<T> States)[] sets)
        where T : struct, Enum
    {
        for (var i = 0; i < sets.Length; i++)
        {
            for (var j = i + 1; j < sets.Length; j++)
            {
                if (sets[i].States.Intersect(sets[j].States).ToList() is [var both, ..])
                {
                    return $"{sets[i].Name} and {sets[j].Name} both name '{Name(both)}'; a state belongs in one of them.";
                }
            }
        }

        return null;
    }
}
