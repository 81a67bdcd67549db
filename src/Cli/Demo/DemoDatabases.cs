using Microsoft.Data.Sqlite;

namespace Sluice.Cli.Demo;

/// <summary>The demo's two databases: "production", where the rows are from, and the warehouse, where they go.</summary>
internal static class DemoDatabases
{
    private const string Columns = "date, precipitation, temp_max, temp_min, wind, weather";

    /// <summary>Fills the production database anew.</summary>
    public static void FillProduction(string path, IReadOnlyList<WeatherDay> days)
    {
        using var database = Open(path, SqliteOpenMode.ReadWriteCreate);
        using var transaction = database.BeginTransaction();
        Run(database, """
            DROP TABLE IF EXISTS daily_weather;
            CREATE TABLE daily_weather (
                date TEXT PRIMARY KEY, precipitation REAL, temp_max REAL, temp_min REAL, wind REAL, weather TEXT)
            """);
        using var insert = database.CreateCommand();
        insert.CommandText = $"INSERT INTO daily_weather ({Columns}) VALUES ($date, $precipitation, $temp_max, $temp_min, $wind, $weather)";
        foreach (var day in days)
        {
            insert.Parameters.Clear();
            insert.Parameters.AddWithValue("$date", day.Date);
            insert.Parameters.AddWithValue("$precipitation", day.Precipitation);
            insert.Parameters.AddWithValue("$temp_max", day.TempMax);
            insert.Parameters.AddWithValue("$temp_min", day.TempMin);
            insert.Parameters.AddWithValue("$wind", day.Wind);
            insert.Parameters.AddWithValue("$weather", day.Weather);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Rows of the production database with dates in <c>[start, end)</c>.</summary>
    public static IReadOnlyList<WeatherDay> InProduction(string path, string start, string end) => Read(path, "daily_weather", start, end);

    /// <summary>Rows of the warehouse with dates in <c>[start, end)</c>.</summary>
    public static IReadOnlyList<WeatherDay> InWarehouse(string path, string start, string end) => Read(path, "weather", start, end);

    private static List<WeatherDay> Read(string path, string table, string start, string end)
    {
        using var database = Open(path, SqliteOpenMode.ReadOnly);
        using var select = database.CreateCommand();
        select.CommandText = $"SELECT {Columns} FROM {table} WHERE date >= $start AND date < $end ORDER BY date";
        select.Parameters.AddWithValue("$start", start);
        select.Parameters.AddWithValue("$end", end);
        using var reader = select.ExecuteReader();
        var days = new List<WeatherDay>();
        while (reader.Read())
        {
            days.Add(new(
                reader.GetString(0), reader.GetDouble(1), reader.GetDouble(2), reader.GetDouble(3), reader.GetDouble(4), reader.GetString(5)));
        }

        return days;
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        SQLitePCL.Batteries_V2.Init();
        var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        database.Open();
        return database;
    }

    private static void Run(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
