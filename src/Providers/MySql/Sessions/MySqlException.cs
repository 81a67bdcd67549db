using System.Data.Common;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>MySQL or its client library refused, or the server went away.</summary>
public sealed class MySqlException : DbException
{
    internal MySqlException(string message, int number, string sqlState)
        : base(message)
    {
        Number = number;
        SqlState = sqlState;
    }

    /// <summary>MySQL's own error number, such as 1045; from 2000 on the client library's; 0 when the provider itself refused.</summary>
    public int Number { get; }

    /// <inheritdoc/>
    public override string? SqlState { get; }

    /// <summary>True when trying again may help: the connection was lost, a deadlock, a server that starts, stops or is full.</summary>
    public override bool IsTransient => Number switch
    {
        1040 or 1203 or 1226 => true, // too many connections
        1053 or 1077 or 1079 or 1080 or 1152 or 1184 or 1927 or 3169 => true, // server stops, connection killed or aborted
        >= 1158 and <= 1161 => true, // network
        1205 or 1213 or 1614 => true, // lock wait timeout, deadlock
        2002 or 2003 => true, // nobody listens, for now
        2006 or 2012 or 2013 or 2055 or 4031 => true, // lost
        _ => false,
    };

    /// <summary>The library takes no row as large as this.</summary>
    internal const int PacketTooLarge = 2020;

    /// <summary>The connection ended while the library waited for an answer.</summary>
    internal const int ServerLost = 2013;

    /// <summary>True when the session cannot be used any more.</summary>
    internal bool IsConnectionLost => Number is 2006 or 2013 or 2055 or 1927 or 1053 or 1152 or 1184 or 4031 or 3169 or (>= 1158 and <= 1161);
}
