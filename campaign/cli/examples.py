"""What each command looks like in use: shown at the end of its `--help`, and in docs/commands.md."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "campaign approve": (
        "campaign approve our-week --all --as Ada",
        "campaign approve our-week tue-launch --as Ada --comment 'read on paper'",
        "campaign approve our-week tue-launch --withdraw --as Ada",
    ),
    "campaign backup": (
        "campaign backup",
        "campaign backup /backups/campaign-2024-03-04.tar.gz",
    ),
    "campaign channels": ("campaign channels",),
    "campaign channels connect": ("campaign channels connect mastodon-hscp --as Ada",),
    "campaign channels forget": ("campaign channels forget mastodon-hscp --as Ada",),
    "campaign channels kinds": ("campaign channels kinds",),
    "campaign channels live": (
        "campaign channels live mail --as Ada",
        "campaign channels live mail --yes --as Ada",
        "campaign channels live mail --off --yes --as Ada",
    ),
    "campaign channels rotate-key": (
        "campaign channels rotate-key",
        "campaign channels rotate-key --yes --as Ada",
    ),
    "campaign channels stats": ("campaign channels stats our-week",),
    "campaign channels test": (
        "campaign channels test mastodon-hscp",
        "campaign channels test mastodon-hscp --yes --delete --as Ada",
    ),
    "campaign channels up": ("campaign channels up mail --as Ada",),
    "campaign channels verify": ("campaign channels verify mastodon-hscp",),
    "campaign check": (
        "campaign check schedules/our-week.yaml",
        "campaign check --links --tokens schedules/our-week.yaml",
        "campaign check --format github schedules/*.yaml",
    ),
    "campaign delete": (
        "campaign delete our-week/launch/tue/bluesky --as Ada",
        "campaign delete our-week/launch/tue/bluesky --yes --as Ada",
    ),
    "campaign deliveries": (
        "campaign deliveries sam@example.org",
        "campaign deliveries our-week/daily/mon/mail --state failed --csv",
        "campaign deliveries our-week/daily/mon/mail --code 5.2.2 --retry --as Jo",
    ),
    "campaign diff": (
        "campaign diff schedules/last-week.yaml schedules/our-week.yaml",
        "campaign diff our-week@1 our-week",
    ),
    "campaign doctor": (
        "campaign doctor",
        "campaign doctor --offline",
    ),
    "campaign edit": (
        'campaign edit our-week launch --text "The new toolkit is out today."',
        'campaign edit our-week launch --text-for linkedin "A longer wording." --as Ada',
    ),
    "campaign export": ("campaign export our-week -o our-week.xlsx",),
    "campaign feedback": ("campaign feedback",),
    "campaign feedback read": (
        "campaign feedback read",
        "campaign feedback read --stdin < bounce.eml",
    ),
    "campaign import": (
        "campaign import plan.xlsx",
        "campaign import plan.xlsx -o schedules/our-week.yaml --year 2024",
    ),
    "campaign init": ("campaign init --as Ada",),
    "campaign lists": ("campaign lists",),
    "campaign lists add": (
        "campaign lists add parents --title 'Parents and carers' --sender hscp --basis consent "
        "--audience parents --public",
    ),
    "campaign lists ask": (
        "campaign lists ask parents",
        "campaign lists ask parents --yes",
    ),
    "campaign lists import": (
        "campaign lists import people.xlsx --list parents",
        "campaign lists import people.xlsx --list parents --apply --report verdicts.csv",
    ),
    "campaign load": (
        "campaign load schedules/our-week.yaml",
        "campaign load schedules/our-week.yaml --apply --as Ada",
        "campaign load schedules/learning-from-reviews-2024.yaml --starts 2024-03-04",
    ),
    "campaign log": (
        "campaign log --campaign our-week --limit 20",
        "campaign log --who Ada --json",
    ),
    "campaign migrate": ("campaign migrate",),
    "campaign new": (
        "campaign new --monday 2024-10-07 --title 'Our Week 2024' -o schedules/our-week.yaml",
        "campaign new --monday 2024-10-07 --from schedules/last-week.yaml -o schedules/our-week.yaml",
    ),
    "campaign pause": (
        "campaign pause --reason 'a serious incident'",
        "campaign pause mastodon-hscp",
        "campaign pause our-week --all --pages --reason 'wrong date' --as Ada",
    ),
    "campaign people add": ("campaign people add Ben --email ben@example.org --role editor --as Ada",),
    "campaign people list": ("campaign people list --removed",),
    "campaign people link": ("campaign people link Ada --no-codes",),
    "campaign people remove": ("campaign people remove Ben --as Ada",),
    "campaign preview": (
        "campaign preview schedules/our-week.yaml",
        "campaign preview schedules/our-week.yaml daily --day tue --area HAM --audience parents",
        "campaign preview schedules/our-week.yaml --out preview/",
    ),
    "campaign rehearse": (
        "campaign rehearse schedules/our-week.yaml",
        "campaign rehearse schedules/learning-from-reviews-2024.yaml --starts 2024-03-04 --out rehearsal/",
    ),
    "campaign report": (
        "campaign report our-week",
        "campaign report our-week --format csv > our-week.csv",
    ),
    "campaign resource": (
        'campaign resource our-week toolkit --approve "Executive Group" --as Ada',
        "campaign resource our-week launch --event full --as Ada",
        "campaign resource our-week toolkit --withdraw --as Ada",
    ),
    "campaign restore": (
        "campaign restore /backups/campaign-2024-03-04.tar.gz",
        "campaign restore /backups/campaign-2024-03-04.tar.gz --yes --as Ada",
    ),
    "campaign resume": (
        "campaign resume --as Ada",
        "campaign resume 3 --as Ada",
    ),
    "campaign run": ("campaign run",),
    "campaign schema": (
        "campaign schema > programme.schema.json",
        "campaign schema --markdown",
    ),
    "campaign send-test": (
        "campaign send-test our-week/daily/tue/mail --to ada@example.org --as Ada",
        "campaign send-test our-week/daily/tue/mail --to ada@example.org --yes --as Ada",
    ),
    "campaign settle": (
        "campaign settle our-week/tue-launch/tue/x-hscp --send-now --as Ada",
        "campaign settle our-week/tue-launch/tue/x-hscp --move-to '2024-10-08 14:00' --as Ada",
        "campaign settle 17 --it-went-out --url https://social.example.org/@hscp/1 --as Ada",
    ),
    "campaign site export": ("campaign site export public/ --base-url https://www.example.org/week",),
    "campaign status": (
        "campaign status",
        "campaign status our-week --watch",
        "campaign status --json",
    ),
    "campaign subscribers access": ("campaign subscribers access sam@example.org --page sam.html --as Ada",),
    "campaign subscribers add": (
        "campaign subscribers add sam@example.org --list parents --consent-source 'phone call' "
        "--consent-wording 'May we email you about our week?' --as Ada",
    ),
    "campaign subscribers erase": (
        "campaign subscribers erase sam@example.org --as Ada",
        "campaign subscribers erase sam@example.org --yes --as Ada",
    ),
    "campaign subscribers export": ("campaign subscribers export people.csv --list parents --as Ada",),
    "campaign subscribers find": ("campaign subscribers find example.org --list parents",),
    "campaign subscribers leave": ("campaign subscribers leave sam@example.org --reason 'asked by phone' --as Ada",),
    "campaign subscribers lift": ("campaign subscribers lift sam@example.org --reason 'mailbox mended' --as Ada",),
    "campaign subscribers move": ("campaign subscribers move sam@example.org sam@new.example.org --as Ada",),
    "campaign subscribers show": ("campaign subscribers show sam@example.org",),
    "campaign subscribers suppress": (
        "campaign subscribers suppress sam@example.org --organisation HSCP --reason 'their manager asked' --as Ada",
    ),
    "campaign subscribers suppressed": ("campaign subscribers suppressed --scope organisation",),
    "campaign template": ("campaign template schedule.xlsx",),
}
