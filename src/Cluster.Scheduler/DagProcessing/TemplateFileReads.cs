using Sluice.Core.Dags;

namespace Sluice.Scheduler.DagProcessing;

/// <summary>Tells by time and size whether a template file is as it was. This file is part of both ends.</summary>
internal static class TemplateFileReads
{
    public static TemplateFileRead Look(string folder, string path)
    {
        var info = new FileInfo(Path.Combine(folder, path));
        return info.Exists ? new(path, info.LastWriteTimeUtc, info.Length) : new(path, null, 0);
    }
}
