"""The admin: what the kernel shows, and the base of what the apps show.

Importing this package registers nothing: the site itself lives here and is made before any page may be registered;
SmsopsAdminConfig imports the pages when every other app has registered its own.
"""
