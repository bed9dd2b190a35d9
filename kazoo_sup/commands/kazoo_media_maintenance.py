"""Media: system prompts, their languages, and media without audio."""

from __future__ import annotations

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import Account
from kazoo_sup.arguments.reads import FileName
from kazoo_sup.command import command
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.databases import view_registrations, views
from kazoo_sup.kazoo.media import media_cleanup, media_settings, prompt_languages, prompts
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Live
from kazoo_sup.terms import OK, Atom
from kazoo_sup.texts import media
from kazoo_sup.texts import prompts as texts_of_prompts
from kazoo_sup.zone import Zone


@command
def import_prompt(zone: Zone, path: FileName, lang: str | None = None) -> Answer:
    """Import the audio file PATH as the prompt of that name, in the language LANG or the cluster's.

    A prompt that is already there like that is left alone. Answers {error,…} (exit code 2) when it cannot be imported.
    """
    events = list(prompts.import_files(zone, [path], lang or prompt_languages.default_language(zone)))
    failed = [each for each in events if isinstance(each, prompts.NotImported)]
    result = texts_of_prompts.result(failed[0]) if failed else OK
    told = list(texts_of_prompts.lines(events))
    return changes.if_made(zone, lambda: Answer(result, lines=told), shown=lambda: Answer(result))


@command
def import_prompts(zone: Zone, dir_path: FileName, lang: str | None = None) -> Live:
    """Import every .wav and .mp3 file of DIR_PATH as a prompt, in the language LANG or the cluster's.

    What is already there like that is left alone, so that the same run completes one that was cut off. Files that could
    not be imported are listed at the end, and the run ends partly done (exit code 5); Kazoo answers ok.
    """
    files = prompts.files_in(dir_path)
    language = lang or prompt_languages.default_language(zone)
    return Live(prompts.import_folder(zone, dir_path, files, language), texts_of_prompts.lines)


@command
def set_account_language(zone: Zone, account: Account, language: str) -> Done:
    """Set the language of ACCOUNT's prompts to LANGUAGE."""
    before = prompt_languages.of(zone, account.id)
    account_config.set_value(zone, account.id, prompt_languages.CATEGORY, prompt_languages.KEY, language.lower())
    told = f"successfully updated account {account.id}'s language from '{before}' to '{language}'"
    return Done(lines=changes.if_made(zone, lambda: [told], shown=list))


@command
def refresh(zone: Zone) -> Done:
    """Create the database of prompts if it is missing, and bring its views up to date."""
    views.ensure_database(zone, prompts.DATABASE)
    views.refresh(zone, prompts.DATABASE)
    return Done()


@command
def register_views(zone: Zone) -> Done:
    """Register the views of media from an installed Kazoo; without one there is nothing to be done."""
    return Done(report=BulkReport(view_registrations.register(zone, "kazoo_media")))


@command
def migrate(zone: Zone) -> Live:
    """Move the settings of media that are kept in callflow and media_mgr to the category media.

    The values of passwords are not shown; Kazoo prints them.
    """
    return Live(media_settings.migrate(zone), media.settings, NO_RETURN)


@command
def migrate_prompts() -> Answer:
    """Print that prompts are brought up to date; there is nothing left to be done, as in Kazoo."""
    return Answer(NO_RETURN, lines=["Now updating existing system_media docs to be internationalizable!"])


@command
def remove_empty_media_docs(zone: Zone, account: Account | None = None) -> Live:
    """Delete prompts that have no audio, or media of ACCOUNT, which are kept in a file in /tmp before."""
    if account is None:
        return Live(media_cleanup.remove_empty_prompts(zone), media.lines, NO_RETURN)
    return Live(media_cleanup.remove_empty_media(zone, account), media.lines)


@command
def fix_media_names(zone: Zone) -> Answer | Done:
    """Give prompts whose ids are URL-encoded their real ones.

    When there are none, that is noted in the category media, and its document answered (exit code 2, as in Kazoo).
    """
    if media_cleanup.rename_encoded(zone):
        return Done()
    document = system_config.set_value(zone, prompt_languages.CATEGORY, "fix_media_names", False, section=zone.node)
    return Answer((Atom("ok"), document), data=document)
